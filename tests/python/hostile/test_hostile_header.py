"""Bad inputs: the header record of a V2 index."""

import numpy as np
import pytest

from bundle_maker import BundleMaker
from fastckpt import CheckpointError, CorruptionError, UnsupportedError
from hostile_checks import (
    GOOD,
    accepted,
    good_bundle,
    refused_at_open,
    refused_at_read,
    refused_or_equal,
)
from table_maker import make_table, varint
from wire_maker import bundle_header, field, fixed32, tag, version


def with_header(header: bytes) -> dict[str, bytes]:
    bundle = good_bundle()
    bundle.header = header
    return bundle.files()


def without_header(first: int = 1) -> dict[str, bytes]:
    """Gives a bundle whose first record is a tensor."""
    bundle = good_bundle()
    index = make_table(bundle.table_records()[first:])
    return bundle.files() | {"model.index": index}


VERSION = field(3, version())
CORRUPT = {
    "no shards": bundle_header(0),
    "no message at all": b"",
    "minus one shards": bundle_header(-1),
    "minus 2**31 shards": bundle_header(-(2**31)),
    "an unknown byte order": bundle_header(endianness=2),
    "a negative byte order": bundle_header(endianness=-1),
    "a field that never ends": b"\x08\x80",
    "a field of eleven bytes": tag(1, 0) + varint(1, size=11) + VERSION,
    "a version cut short": bundle_header()[:-1],
    "a version longer than the rest": b"\x08\x01\x1a\x7f\x08\x01",
    "a version that is damaged": field(1, 1) + field(3, b"\x08\x80"),
    "the wire type 7": b"\x08\x01" + tag(2, 7),
    "the field number 0": b"\x08\x01" + field(0, 1),
    "text": b"checkpoint",
}
UNSUPPORTED = {
    "the smallest consumer 2": version(2, 2),
    "the largest of smallest consumers": version(2, 2**31 - 1),
    "our version among the bad consumers": version(1, 0, [3, 1]),
    "packed bad consumers": version() + field(3, varint(5) + varint(1)),
    "a negative producer": version(-1),
    "the smallest negative producer": version(-(2**31)),
}
RIGHT = {
    "no version": field(1, 1),
    "an empty version": field(1, 1) + field(3, b""),
    "a later producer": bundle_header(versions=version(500, 1)),
    "other bad consumers": bundle_header(versions=version(1, 0, [2, 99])),
    "packed other bad consumers": bundle_header(versions=version() + field(3, b"\2\7")),
    "an unknown varint field": bundle_header() + field(9, 2**64 - 1),
    "an unknown field of bytes": bundle_header() + field(100, b"\xff" * 40),
    "an unknown fixed field": fixed32(7, 1) + bundle_header(),
    "the fields in another order": VERSION + field(2, 0) + field(1, 1),
    "the count twice, the last one right": field(1, 7) + field(1, 1) + VERSION,
    "the byte order twice": field(2, 1) + bundle_header() + field(2, 0),
}
# Protocol buffers keep the low 32 bits; refusing is better, and right too.
WIDE = {
    "2**32 + 1 shards": field(1, 2**32 + 1) + VERSION,
    "the byte order 2**32": field(1, 1) + field(2, 2**32) + VERSION,
}


@pytest.mark.parametrize("header", CORRUPT.values(), ids=CORRUPT)
def test_open_refuses_a_header_with(header, tmp_path):
    refused_at_open(with_header(header), tmp_path)


@pytest.mark.parametrize("versions", UNSUPPORTED.values(), ids=UNSUPPORTED)
def test_open_does_not_support(versions, tmp_path):
    header = bundle_header(versions=versions)
    refused_at_open(with_header(header), tmp_path, UnsupportedError)


@pytest.mark.parametrize("header", RIGHT.values(), ids=RIGHT)
def test_a_header_is_right_with(header, tmp_path):
    accepted(with_header(header), tmp_path, GOOD)


@pytest.mark.parametrize("header", WIDE.values(), ids=WIDE)
def test_a_number_too_wide_loses_nothing(header, tmp_path):
    refused_or_equal(with_header(header), tmp_path, GOOD)


@pytest.mark.parametrize("first", [1, 2, 5])
def test_open_refuses_a_table_without_a_header(first, tmp_path):
    refused_at_open(without_header(first), tmp_path)


def test_open_refuses_a_first_key_that_only_looks_empty(tmp_path):
    bundle = good_bundle()
    records = [(b"\0", bundle.header), *bundle.table_records()[1:]]
    damaged = bundle.files() | {"model.index": make_table(records)}
    refused_at_open(damaged, tmp_path)


@pytest.mark.parametrize("with_shard", [True, False])
@pytest.mark.parametrize("num_shards", [1, 3])
def test_a_bundle_without_tensors_is_right(num_shards, with_shard, tmp_path):
    files = BundleMaker(num_shards).files()
    if not with_shard:
        files = {"model.index": files["model.index"]}
    accepted(files, tmp_path, {})


def test_a_huge_count_of_shards_opens_no_files_and_reserves_nothing(tmp_path):
    header = bundle_header(2**31 - 1)
    names = {"model.index": with_header(header)["model.index"]}
    refused_at_read(
        names, tmp_path, errors=FileNotFoundError, others={}, may_refuse_open=False
    )


def test_a_count_of_shards_over_five_digits_makes_longer_names(tmp_path):
    bundle = BundleMaker()
    bundle.header = bundle_header(100_001)
    value = np.arange(3, dtype=np.int32)
    bundle.add("first", value)
    bundle.add("last", value + 1, shard_id=100_000, offset=0)
    stored = bytes(bundle.shards[0])
    files = {
        "model.index": bundle.files()["model.index"],
        "model.data-00000-of-100001": stored[:12],
        "model.data-100000-of-100001": stored[12:],
    }
    accepted(files, tmp_path, {"first": value, "last": value + 1})


def test_a_v1_meta_record_is_no_header(tmp_path):
    meta = field(1, field(1, field(1, b"a")) + field(2, version()))
    errors = (CorruptionError, CheckpointError)
    refused_at_open(with_header(meta), tmp_path, errors)
