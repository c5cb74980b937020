"""Bad inputs: what V1 checkpoints say about a tensor, and the records of its values."""

import numpy as np
import pytest

import fastckpt
from bundle_maker import write_files
from dtype_table import BY_NAME
from fastckpt import CorruptionError, UnsupportedError
from hostile_checks import (
    GOOD,
    accepted,
    assert_same,
    good_v1,
    refused_at_read,
    refused_or_equal,
)
from table_maker import varint
from v1_maker import V1Maker, saved_slice, values
from wire_maker import FIXED32, field, shape, slice_key, slice_spec, tag

A = GOOD["a"]
V = np.arange(12, dtype=np.int32).reshape(4, 3) - 5
ROWS = [[(0, 2), None], [(2, 2), None]]
OTHERS = {name: value for name, value in GOOD.items() if name != "a"}
WHOLE = [None, None]
KEY = slice_key(b"a", WHOLE)


def as_files(checkpoint: V1Maker, **table) -> dict[str, bytes]:
    return {"model": checkpoint.file(**table)}


def meta(**changes) -> dict[str, bytes]:
    """Gives the good tensors with other words about `a` in the meta record."""
    checkpoint = good_v1()
    checkpoint.meta[b"a"] |= changes
    return as_files(checkpoint)


def specs(*slices) -> list[bytes]:
    return [slice_spec(extents) for extents in slices]


def record(stored: bytes) -> dict[str, bytes]:
    """Gives the good tensors with another record for `a`."""
    checkpoint = good_v1()
    checkpoint.records[KEY] = stored
    return as_files(checkpoint)


def tensor(message: bytes, dtype: int = 1, dims=(2, 3)) -> dict[str, bytes]:
    """Gives the good tensors with another TensorProto for `a`."""
    checkpoint = good_v1()
    checkpoint.records[KEY] = saved_slice(b"a", WHOLE, message)
    checkpoint.meta[b"a"] |= {"dtype": dtype, "dims": shape(dims)}
    return as_files(checkpoint)


def without_record() -> dict[str, bytes]:
    checkpoint = good_v1()
    del checkpoint.records[KEY]
    return as_files(checkpoint)


def sliced(*slices) -> dict[str, bytes]:
    checkpoint = good_v1()
    checkpoint.add("a", A)
    checkpoint.meta[b"a"]["slices"] = specs(*slices)
    for extents in slices:
        count = (2 if extents[0] is None else max(extents[0][1], 0)) * 3
        part = values(np.zeros(min(count, 99), np.float32), 1)
        checkpoint.records[slice_key(b"a", extents)] = saved_slice(b"a", extents, part)
    return as_files(checkpoint)


FLOATS = A.tobytes()
RIGHT_VALUES = values(A, 1)
COMPLEX = np.arange(6, dtype=np.complex64)
DAMAGED = {
    "no slice": meta(slices=[]),
    "a dimension too many": meta(dims=shape([2, 3, 1])),
    "a negative dimension": meta(dims=shape([-2, 3])),
    "an unknown rank": meta(dims=shape([2, 3], unknown_rank=True)),
    "an overflowing product": meta(dims=shape([2**62, 2**62])),
    "a larger shape": meta(dims=shape([3, 3])),
    "a smaller shape": meta(dims=shape([1, 3])),
    "a shape of 2**40 rows": meta(dims=shape([2**40, 3])),
    "the dtype 0": meta(dtype=0),
    "a negative dtype": meta(dtype=-1),
    "a reference dtype": meta(dtype=101),
    "another dtype": meta(dtype=2),
    "the dtype of another field": meta(dtype=3),
    "the dtype of strings": meta(dtype=7),
    "a slice of another rank": meta(slices=specs([None])),
    "a slice of another spelling than its key": meta(slices=specs([(0, 2), None])),
    "one slice twice": meta(slices=specs(WHOLE, WHOLE)),
    "slices that overlap": sliced([(0, 2), None], [(1, 1), None]),
    "slices with a gap": sliced([(0, 1), None]),
    "a slice past the end": sliced([(0, 1), None], [(1, 2), None]),
    "a negative start": sliced([(-1, 1), None], [(0, 2), None]),
    "a length of zero": sliced([(0, 0), None], [(0, 2), None]),
    "a length of 2**62": sliced([(0, 2**62), None]),
    "a start and a length of 2**63 - 1": sliced([(2**63 - 1, 2**63 - 1), None]),
    "no record": without_record(),
    "an empty record": record(b""),
    "a record of a meta message": record(field(1, b"")),
    "a record cut short": record(saved_slice(b"a", WHOLE, RIGHT_VALUES)[:-1]),
    "a record without values": record(
        field(2, field(1, b"a") + field(2, slice_spec(WHOLE)))
    ),
    "a record of another name": record(saved_slice(b"b", WHOLE, RIGHT_VALUES)),
    "a record without a name": record(
        field(2, field(2, slice_spec(WHOLE)) + field(3, RIGHT_VALUES))
    ),
    "a record of another slice": record(
        saved_slice(b"a", [(0, 1), None], RIGHT_VALUES)
    ),
    "a record of another rank": record(saved_slice(b"a", [None], RIGHT_VALUES)),
    "no values": tensor(b""),
    "one value for all": tensor(values(A[0, :1], 1)),
    "one value too few": tensor(values(A.flat[:5], 1)),
    "one value too many": tensor(values(np.append(A, 1), 1)),
    "twice the values": tensor(RIGHT_VALUES * 2),
    "half of the last value": tensor(field(5, FLOATS[:-2])),
    "one byte more than the values": tensor(field(5, FLOATS + b"x")),
    "two runs cut inside a value": tensor(
        field(5, FLOATS[:10]) + field(5, FLOATS[10:])
    ),
    "values of another field": tensor(field(6, FLOATS)),
    "integers for floats": tensor(values(A.astype(np.int32), 3)),
    "floats for integers": tensor(RIGHT_VALUES, 3),
    "one complex number too few": tensor(values(COMPLEX[:5], 8), 8),
    "half a complex number": tensor(field(9, COMPLEX.tobytes()[:-4]), 8),
    "a complex number and a half too many": tensor(field(9, bytes(60)), 8),
    "a varint without an end": tensor(field(7, b"\1\2\3\4\5\x86"), 3),
    "a varint of eleven bytes": tensor(field(7, b"\1\2\3\4\5" + varint(6, size=11)), 3),
    "one string too few": tensor(field(8, b"x") * 5, 7),
    "one string too many": tensor(field(8, b"x") * 7, 7),
    "a string past the end": tensor(field(8, b"x") * 5 + tag(8, 2) + b"\x7f", 7),
}


@pytest.mark.parametrize("files", DAMAGED.values(), ids=DAMAGED)
def test_a_tensor_is_refused_with(files, tmp_path):
    refused_at_read(files, tmp_path, others=OTHERS)


@pytest.mark.parametrize("dtype", [20, 21, 34, 99, 2**31 - 1])
def test_the_dtype_is_not_supported(dtype, tmp_path):
    refused_at_read(meta(dtype=dtype), tmp_path, errors=UnsupportedError, others=OTHERS)


NUMBERS = np.array([[1, -1, 300], [-300, 2**31 - 1, -(2**31)]], np.int32)
SPLIT = field(5, FLOATS[:8]) + field(5, FLOATS[8:])
MIXED = (
    field(5, FLOATS[:8])
    + tag(5, FIXED32)
    + FLOATS[8:12]
    + field(5, FLOATS[12:20])
    + tag(5, FIXED32)
    + FLOATS[20:]
)
MIXED_NUMBERS = (
    field(7, varint(1) + varint(-1))
    + field(7, 300)
    + field(7, -300)
    + field(7, b"")
    + field(7, varint(2**31 - 1) + varint(-(2**31)))
)
RIGHT = {
    "packed": (tensor(RIGHT_VALUES), A),
    "not packed": (tensor(values(A, 1, packed=False)), A),
    "in two runs": (tensor(SPLIT), A),
    "in runs and alone": (tensor(MIXED), A),
    "integers not packed": (tensor(values(NUMBERS, 3, packed=False), 3), NUMBERS),
    "integers in runs and alone": (tensor(MIXED_NUMBERS, 3), NUMBERS),
    "with the dtype inside": (tensor(field(1, 1) + RIGHT_VALUES), A),
    "with the shape inside": (tensor(field(2, shape([2, 3])) + RIGHT_VALUES), A),
    "with values of other fields beside": (tensor(field(7, b"\1") + RIGHT_VALUES), A),
    "booleans that are not 0 or 1": (
        tensor(field(11, b"\0\1\2\x7f\0\3"), 10),
        np.array([[False, True, True], [True, False, True]]),
    ),
}


@pytest.mark.parametrize(("files", "value"), RIGHT.values(), ids=RIGHT)
def test_values_are_read_exactly(files, value, tmp_path):
    accepted(files, tmp_path, {"a": value} | OTHERS)


@pytest.mark.parametrize("slices", [ROWS, ROWS[::-1], [[None, None]]])
@pytest.mark.parametrize("per_block", [1, 100])
def test_slices_are_put_together(slices, per_block, tmp_path):
    checkpoint = good_v1()
    checkpoint.add("v", V, slices=slices)
    files = as_files(checkpoint, per_block=per_block)
    accepted(files, tmp_path, {"a": A, "v": V} | OTHERS)


DOUBTFUL = {
    "raw content in place of values": tensor(
        field(1, 1) + field(2, shape([2, 3])) + field(4, FLOATS)
    ),
    "another dtype inside": tensor(field(1, 2) + RIGHT_VALUES),
    "another shape inside": tensor(field(2, shape([6])) + RIGHT_VALUES),
}
OUT_OF_RANGE = {
    "uint8": ([300, 256, 255, -1, 0, 1], [44, 0, 255, 255, 0, 1]),
    "int8": ([128, -129, 127, -128, 0, 1], [-128, 127, 127, -128, 0, 1]),
    "uint16": ([65536, 65535, -1, 0, 1, 2], [0, 65535, 65535, 0, 1, 2]),
}


@pytest.mark.parametrize("files", DOUBTFUL.values(), ids=DOUBTFUL)
def test_nothing_is_invented_with(files, tmp_path):
    refused_or_equal(files, tmp_path, {"a": A} | OTHERS)


@pytest.mark.parametrize("name", OUT_OF_RANGE)
def test_integers_out_of_range_are_refused_or_wrapped(name, tmp_path):
    stored, wrapped = OUT_OF_RANGE[name]
    dtype = BY_NAME[name]
    files = tensor(values(np.array(stored), 3), dtype.number)
    expected = np.array(wrapped, dtype.numpy).reshape(2, 3)
    refused_or_equal(files, tmp_path, {"a": expected} | OTHERS)


def test_reading_one_damaged_record_leaves_the_others(tmp_path):
    prefix = tmp_path / "model"
    write_files(tmp_path, record(b"\x80"))
    ckpt = fastckpt.open(prefix)
    with pytest.raises(CorruptionError, match="'a'"):
        ckpt["a"]
    assert_same(ckpt["c"], GOOD["c"])
