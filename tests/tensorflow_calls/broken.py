"""Calls of readers on checkpoints whose own account of themselves is broken.

Source: tensorflow/core/util/tensor_slice_reader.cc, tensor_bundle.cc.
"""

from __future__ import annotations

import numpy as np

from bundle_maker import BundleMaker
from table_maker import make_table
from v1_maker import V1Maker, tensor_meta
from wire_maker import bundle_header, field, shape, version

_NEGATIVE = (1 << 64) - 1
_VERSIONS = {
    "producer 0": version(0),
    "producer 9": version(9),
    "producer -1": field(1, _NEGATIVE),
    "min_consumer 1": version(1, 1),
    "min_consumer 2": version(2, 2),
    "bad_consumers 1": version(1, 0, [1]),
    "bad_consumers 2": version(1, 0, [2]),
    "bad_consumers packed": version(1) + field(3, b"\x02\x01"),
}


def _v1(**changes):
    maker = V1Maker()
    maker.add("w", np.arange(4, dtype=np.float32), **changes)
    return maker


def _v1_bytes(first):
    """A V1 file with these bytes, or none, in the place of its list of tensors."""
    records = {**({} if first is None else {b"": first}), **_v1().records}
    return make_table(sorted(records.items()))


def _listed_twice(**other):
    maker = _v1()
    rows = [maker.meta[b"w"], maker.meta[b"w"] | other]
    listed = b"".join(field(1, tensor_meta(b"w", **row)) for row in rows)
    return _v1_bytes(field(1, listed + field(2, maker.versions)))


_FIRST_RECORDS = {
    "no list of tensors": lambda: _v1_bytes(None),
    "nothing at all": lambda: make_table([]),
    "no message": lambda: _v1_bytes(b"\xff\xff\xff"),
    "a cut message": lambda: _v1_bytes(b"\x0a\x50ab"),
    "no shape": lambda: _v1(dims=b"\xff\xff\xff").file(),
    "no slice": lambda: _v1_bytes(_with_slice(b"\xff\xff")),
    "a tensor twice": _listed_twice,
    "a tensor twice, of two shapes": lambda: _listed_twice(dims=shape([2, 2])),
}


def _with_slice(spec):
    maker = _v1()
    maker.meta[b"w"] |= {"slices": [spec]}
    return maker.meta_record()


def _write(c, name, content):
    path = c.new(name)
    with open(path, "wb") as file:
        file.write(content)
    return path


def _opened_v1(c, name):
    path = _write(c, f"broken_{name}".replace(" ", "_"), _FIRST_RECORDS[name]())
    return type(c.train.load_checkpoint(path)).__name__


def _shards(c, second):
    prefix = c.new(f"shards_{second.dtype}_{len(second)}")
    for number, value in enumerate((np.zeros(4, np.float32), second)):
        maker = V1Maker()
        maker.add("w", value)
        _write(c, f"{prefix.rpartition('/')[2]}-0000{number}-of-00002", maker.file())
    return type(c.train.load_checkpoint(f"{prefix}-?????-of-00002")).__name__


def _opened_version(c, kind, name):
    """What is read, or that a ValueError is raised, perhaps of a class of its own."""
    prefix = c.new(f"{kind}_{name}".replace(" ", "_"))
    if kind == "v1":
        maker = _v1()
        maker.versions = _VERSIONS[name]
        _write(c, prefix.rpartition("/")[2], maker.file())
    else:
        bundle = BundleMaker()
        bundle.add("w", np.arange(4, dtype=np.float32))
        bundle.header = bundle_header(versions=_VERSIONS[name])
        for file, content in bundle.files(prefix.rpartition("/")[2]).items():
            _write(c, file, content)
    try:
        return c.train.load_variable(prefix, "w")
    except ValueError:
        return "ValueError"


CALLS = {
    **{
        f"opening a V1 file with {name}": (lambda c, n=name: _opened_v1(c, n))
        for name in _FIRST_RECORDS
    },
    "opening shards of two shapes": lambda c: _shards(c, np.zeros(5, np.float32)),
    "opening shards of two types": lambda c: _shards(c, np.zeros(4)),
    **{
        f"opening {kind} of version {name}": (
            lambda c, k=kind, n=name: _opened_version(c, k, n)
        )
        for kind in ("v1", "v2")
        for name in _VERSIONS
    },
}
