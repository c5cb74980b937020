"""Bad inputs: the protocol buffer messages of entries, shapes, slices and V1 records.

One list of what breaks the wire format and one of what it allows, each tried in every
message that a checkpoint holds.
"""

from collections.abc import Callable

import numpy as np
import pytest

from fastckpt import CorruptionError
from hostile_checks import (
    GOOD,
    accepted,
    good_bundle,
    refused_at_open,
    refused_at_read,
    refused_or_equal,
)
from table_maker import varint
from v1_maker import V1Maker
from wire_maker import (
    END_GROUP,
    FIXED32,
    FIXED64,
    GROUP,
    LENGTH,
    bundle_entry,
    field,
    fixed32,
    shape,
    slice_key,
    slice_spec,
    tag,
)

ENTRY = bundle_entry(**good_bundle().entries[b"a"])
SLICED = np.arange(4, dtype=np.float32)


def group(number: int, inside: bytes = b"") -> bytes:
    return tag(number, GROUP) + inside + tag(number, END_GROUP)


def nested(depth: int) -> bytes:
    return tag(98, GROUP) * depth + tag(98, END_GROUP) * depth


BREAKS = {
    "the field number 0": field(0, 1),
    "the field number 0 with bytes": field(0, b"x"),
    "the wire type 6": tag(99, 6),
    "the wire type 7": tag(99, 7),
    "a group that does not end": tag(99, GROUP),
    "the end of a group that did not start": tag(99, END_GROUP),
    "a group that ends as another": tag(99, GROUP) + tag(100, END_GROUP),
    "groups that cross": tag(99, GROUP) + tag(98, GROUP) + tag(99, END_GROUP),
    "a damaged field in a group": group(99, tag(1, LENGTH) + b"\x7f"),
    **{
        f"a length of {length:#x}": tag(99, LENGTH) + varint(length) + b"x"
        for length in (2, 2**31 - 1, 2**31, 2**32, 2**32 + 1, 2**63, 2**64 - 1)
    },
    "a length without an end": tag(99, LENGTH) + b"\x80",
    "a tag without an end": b"\x80",
    "a tag and nothing else": tag(99, 0),
    "a varint without an end": tag(99, 0) + b"\xff" * 4,
    "a varint of eleven bytes": tag(99, 0) + varint(1, size=11),
    "a varint of a hundred bytes": tag(99, 0) + b"\x80" * 99 + b"\0",
    "three of four fixed bytes": tag(99, FIXED32) + b"abc",
    "seven of eight fixed bytes": tag(99, FIXED64) + b"abcdefg",
    "a hundred thousand open groups": tag(99, GROUP) * 100_000,
}
ALLOWED = {
    "nothing": b"",
    "a varint": field(115, 300),
    "a varint of ten bytes": field(115, -1),
    "bytes": field(116, b"\xff" * 300),
    "no bytes": field(116, b""),
    "eight fixed bytes": tag(117, FIXED64) + b"\xff" * 8,
    "four fixed bytes": fixed32(118, 2**32 - 1),
    "an empty group": group(119),
    "groups in groups": nested(50),
    "a group of fields": group(120, field(1, 1) + field(2, b"x") + fixed32(3, 1)),
    "the largest field number": field(2**29 - 1, 1),
    "a tag of five bytes": tag(115, 0, size=5) + varint(1),
}


def entry_message(extra: bytes) -> dict[str, bytes]:
    """Gives the good bundle with `extra` in the entry of the tensor `a`."""
    bundle = good_bundle()
    bundle.records[b"a"] = ENTRY + extra
    return bundle.files()


def shape_message(extra: bytes) -> dict[str, bytes]:
    bundle = good_bundle()
    bundle.entries[b"a"]["shape"] += extra
    return bundle.files()


def dim_message(extra: bytes) -> dict[str, bytes]:
    dims = field(2, field(1, 2) + extra) + field(2, field(1, 3))
    bundle = good_bundle()
    bundle.entries[b"a"]["shape"] = dims
    return bundle.files()


def sliced_message(slices: list[bytes]) -> dict[str, bytes]:
    bundle = good_bundle()
    bundle.add_sliced("a", GOOD["a"], [[(0, 1), None], [(1, 1), None]])
    bundle.entries[b"a"]["slices"] = slices
    return bundle.files()


def slice_message(extra: bytes) -> dict[str, bytes]:
    first = slice_spec([(0, 1), None]) + extra
    return sliced_message([first, slice_spec([(1, 1), None])])


def extent_message(extra: bytes) -> dict[str, bytes]:
    first = field(1, field(2, 1) + extra) + field(1, b"")
    return sliced_message([first, slice_spec([(1, 1), None])])


PLACES: dict[str, Callable[[bytes], dict[str, bytes]]] = {
    "an entry": entry_message,
    "a shape": shape_message,
    "a dimension": dim_message,
    "a slice": slice_message,
    "an extent": extent_message,
}


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("extra", BREAKS.values(), ids=BREAKS)
def test_open_refuses(extra, place, tmp_path):
    refused_at_open(place(extra), tmp_path)


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("extra", ALLOWED.values(), ids=ALLOWED)
def test_an_unknown_field_is_skipped(extra, place, tmp_path):
    accepted(place(extra), tmp_path, GOOD)


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_a_hundred_thousand_nested_groups_do_not_recurse(place, tmp_path):
    refused_or_equal(place(nested(100_000)), tmp_path, GOOD)


@pytest.mark.parametrize("size", range(len(ENTRY)))
def test_an_entry_of_only_its_first_bytes_is_refused(size, tmp_path):
    bundle = good_bundle()
    bundle.records[b"a"] = ENTRY[:size]
    refused_at_read(bundle.files(), tmp_path, by_checksum=size == len(ENTRY) - 5)


CRC = fixed32(6, good_bundle().entries[b"a"]["crc32c"])
SHAPE = shape([2, 3])
SAME_MEANING = {
    "the fields in falling order": CRC + field(5, 24) + field(2, SHAPE) + field(1, 1),
    "zeros written out": ENTRY + field(3, 0) + field(4, 0),
    "padded varints": tag(1, 0, size=3)
    + varint(1, size=9)
    + field(2, SHAPE)
    + tag(5, 0)
    + varint(24, size=10)
    + CRC,
    "scalars twice, the last ones right": fixed32(6, 7)
    + field(1, 2)
    + field(4, 99)
    + field(3, 5)
    + field(5, 1)
    + ENTRY
    + field(3, 0)
    + field(4, 0),
    "a shape in two messages": field(1, 1)
    + field(2, shape([2]))
    + field(5, 24)
    + field(2, shape([3]))
    + CRC,
    "a shape and an empty shape": ENTRY + field(2, b""),
    "a padded length": field(1, 1)
    + tag(2, LENGTH)
    + varint(len(SHAPE), size=5)
    + SHAPE
    + field(5, 24)
    + CRC,
    "a known number with another wire type": field(1, b"\x02")
    + field(2, 9)
    + field(6, 1)
    + fixed32(5, 1)
    + field(7, 4)
    + fixed32(3, 1)
    + ENTRY,
    "a dimension with a name": field(1, 1)
    + field(2, field(2, field(1, 2) + field(2, b"rows")) + field(2, field(1, 3)))
    + field(5, 24)
    + CRC,
    "a dimension of two sizes, the last one right": field(1, 1)
    + field(2, field(2, field(1, 9) + field(1, 2)) + field(2, field(1, 3)))
    + field(5, 24)
    + CRC,
    "a known rank written out": ENTRY + field(2, field(3, 0)),
}


@pytest.mark.parametrize("message", SAME_MEANING.values(), ids=SAME_MEANING)
def test_an_entry_means_the_same_with(message, tmp_path):
    bundle = good_bundle()
    bundle.records[b"a"] = message
    accepted(bundle.files(), tmp_path, GOOD)


# Protocol buffers keep the low 32 bits; refusing is better, and right too.
WIDE = {
    "the shard 2**32": ENTRY + field(3, 2**32),
    "the dtype 2**32 + 1": ENTRY + field(1, 2**32 + 1),
    "the dtype 2**63 + 1": ENTRY + field(1, 2**63 + 1),
}


@pytest.mark.parametrize("message", WIDE.values(), ids=WIDE)
def test_a_number_too_wide_loses_nothing(message, tmp_path):
    bundle = good_bundle()
    bundle.records[b"a"] = message
    refused_or_equal(bundle.files(), tmp_path, GOOD, CorruptionError)


def v1_meta(extra: bytes) -> dict[str, bytes]:
    checkpoint = v1_checkpoint()
    checkpoint.versions += extra
    return {"model": checkpoint.file()}


def v1_checkpoint() -> V1Maker:
    checkpoint = V1Maker()
    checkpoint.add("a", SLICED)
    checkpoint.add("b", GOOD["b"])
    return checkpoint


def v1_tensor_meta(extra: bytes) -> dict[str, bytes]:
    checkpoint = v1_checkpoint()
    checkpoint.meta[b"a"]["dims"] += extra
    return {"model": checkpoint.file()}


def v1_record(extra: bytes) -> dict[str, bytes]:
    checkpoint = v1_checkpoint()
    checkpoint.records[slice_key(b"a", [None])] += extra
    return {"model": checkpoint.file()}


def v1_values(extra: bytes) -> dict[str, bytes]:
    checkpoint = V1Maker()
    checkpoint.add("a", SLICED, tensor=field(5, SLICED.tobytes()) + extra)
    checkpoint.add("b", GOOD["b"])
    return {"model": checkpoint.file()}


V1_PLACES = {
    "the version": v1_meta,
    "a shape": v1_tensor_meta,
    "a record": v1_record,
    "a tensor": v1_values,
}
V1_EXPECTED = {"a": SLICED, "b": GOOD["b"]}


@pytest.mark.parametrize("place", V1_PLACES.values(), ids=V1_PLACES)
@pytest.mark.parametrize("extra", BREAKS.values(), ids=BREAKS)
def test_v1_refuses(extra, place, tmp_path):
    refused_at_read(place(extra), tmp_path, others={"b": GOOD["b"]})


@pytest.mark.parametrize("place", V1_PLACES.values(), ids=V1_PLACES)
@pytest.mark.parametrize("extra", ALLOWED.values(), ids=ALLOWED)
def test_v1_skips_an_unknown_field(extra, place, tmp_path):
    accepted(place(extra), tmp_path, V1_EXPECTED)
