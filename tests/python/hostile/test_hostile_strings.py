"""Bad inputs: string tensors, whose lengths are stored with the bytes.

[varint length x N][masked checksum of the lengths][bytes]
"""

import os

import numpy as np
import pytest

import fastckpt
from bundle_maker import BundleMaker, encode_strings
from dtype_table import STRING
from hostile_checks import (
    GOOD,
    accepted,
    good_bundle,
    refused_at_read,
    refused_or_equal,
)
from table_maker import crc32c, mask, u32, varint
from wire_maker import shape


def lengths_crc(lengths: list[int]) -> int:
    crc = 0
    for length in lengths:
        crc = crc32c(length.to_bytes(4 if length < 2**32 else 8, "little"), crc)
    return crc


def encode(lengths: list[int], text: bytes, *, varints: bytes | None = None):
    """Gives the stored form of strings that claim `lengths`, and its right CRC32C."""
    crc = lengths_crc(lengths)
    check = u32(mask(crc))
    head = b"".join(map(varint, lengths)) if varints is None else varints
    return head + check + text, crc32c(check + text, crc)


def strings(dims: tuple[int, ...], stored: bytes, crc: int, **fields):
    """Gives the good bundle with the string tensor `s` between others."""
    bundle = good_bundle()
    start = len(bundle.shards[0])
    bundle.shards[0] += stored
    bundle.entries[b"s"] = {
        "dtype": STRING,
        "shape": shape(dims),
        "offset": start,
        "size": len(stored),
        "crc32c": mask(crc),
    } | fields
    bundle.add("z", GOOD["a"])
    return bundle.files()


def claiming(lengths: list[int], text: bytes = b"abcdef"):
    return strings((len(lengths),), *encode(lengths, text))


def spelled(varints: bytes, lengths: list[int], text: bytes = b"abcdef"):
    dims = (len(lengths),)
    return strings(dims, *encode(lengths, text, varints=varints))


ABC = encode([1, 2, 3], b"abcdef")
# Under a checksum that fits these six bytes and as many of the next tensor.
INTO_NEXT = encode([1, 2, 9], b"abcdef" + GOOD["a"].tobytes()[:6])
NOTHING = encode([], b"")
CORRUPT = {
    "a sum one too large": claiming([1, 2, 4]),
    "a sum one too small": claiming([1, 2, 2]),
    "a sum of nothing": claiming([0, 0, 0]),
    "a string that reaches into the next tensor": strings(
        (3,), INTO_NEXT[0][:-6], INTO_NEXT[1]
    ),
    "a length of 2**32": claiming([1, 2**32, 3]),
    "a length of 2**32 + the right one": claiming([1, 2**32 + 2, 3]),
    "a length of 2**40": claiming([1, 2**40, 3]),
    "a length of 2**62": claiming([1, 2**62, 3]),
    "a length of 2**63": claiming([1, 2**63, 3]),
    "a length of 2**64 - 1": claiming([1, 2**64 - 1, 3]),
    "lengths whose sum wraps to the right one": claiming([2**63, 2**63, 6]),
    "three lengths whose sum wraps": claiming([2**64 - 1, 1, 6]),
    "a length that never ends": spelled(b"\1\2\x83", [1, 2, 3]),
    "a length of eleven bytes": spelled(
        b"\1\2" + varint(3, size=11), [1, 2, 3], b"abcdef"
    ),
    "a length of 65 bits": spelled(
        b"\1\2" + varint(3, size=10)[:-1] + b"\x02", [1, 2, 3]
    ),
    "only lengths": strings((3,), b"\1\2\3", 0),
    "half a checksum behind the lengths": strings((3,), b"\0\0\0\xd8\xea", 0),
    "no bytes at all": strings((3,), b"", 0),
    "more strings than bytes": strings((100,), *ABC),
    "2**40 strings": strings((2**40,), *ABC),
    "2**62 strings": strings((2**62,), *ABC),
    "one string more than lengths": strings((4,), *ABC),
    "one string less than lengths": strings((2,), *ABC),
    "no strings but bytes": strings((0,), *ABC),
    "no strings and one byte more": strings((0,), NOTHING[0] + b"x", NOTHING[1]),
    "no strings and no checksum": strings((0,), b"", 0),
    "a scalar of three lengths": strings((), *ABC),
    "a size over the end of the shard": strings((3,), *ABC, size=2**20),
    "a negative dimension": strings((-3,), *ABC),
}
BY_CHECKSUM = {
    "a wrong checksum of the lengths": strings(
        (3,), ABC[0].replace(u32(mask(lengths_crc([1, 2, 3]))), b"oops"), ABC[1]
    ),
    "lengths that were swapped": strings((3,), b"\2\1\3" + ABC[0][3:], ABC[1]),
    "a wrong checksum of the bytes": strings((3,), ABC[0], ABC[1] ^ 1),
    "bytes that were changed": strings((3,), ABC[0][:-1] + b"F", ABC[1]),
    "no checksum": strings((3,), *ABC, crc32c=None),
    "the plain checksum of what is stored": strings((3,), ABC[0], crc32c(ABC[0])),
    "a wrong checksum over no strings": strings((0,), NOTHING[0], 0),
    "no strings and a wrong checksum": strings((0,), b"oops", crc32c(b"oops")),
}


@pytest.mark.parametrize("files", CORRUPT.values(), ids=CORRUPT)
def test_strings_are_refused_with(files, tmp_path):
    refused_at_read(files, tmp_path, "s", others=GOOD | {"z": GOOD["a"]})


@pytest.mark.parametrize("files", BY_CHECKSUM.values(), ids=BY_CHECKSUM)
def test_strings_are_refused_by(files, tmp_path):
    refused_at_read(files, tmp_path, "s", others=GOOD, by_checksum=True)


def array(*strings: bytes) -> np.ndarray:
    return np.array(strings, dtype=object)


RIGHT = {
    "nothing but empty strings": array(b"", b"", b""),
    "no strings": np.zeros((0,), object),
    "no strings in three dimensions": np.zeros((2, 0, 3), object),
    "NUL bytes": array(b"\0", b"a\0b", b"\0\0"),
    "bytes that are no UTF-8": array(b"\xff\xfe", b"\xc3\x28", bytes(range(256))),
    "a string with a length of two bytes": array(b"x" * 128, b"y" * 16384),
    "a thousand strings": np.array([b"%d" % n for n in range(1000)], object),
    "a scalar": np.array(b"alone", object),
    "an empty scalar": np.array(b"", object),
    "four dimensions": np.full((2, 1, 3, 2), b"same", object),
}


@pytest.mark.parametrize("value", RIGHT.values(), ids=RIGHT)
@pytest.mark.parametrize("big_endian", [False, True])
def test_strings_are_read_exactly_with(value, big_endian, tmp_path):
    bundle = BundleMaker(big_endian=big_endian)
    bundle.add("s", value)
    accepted(bundle.files(), tmp_path, {"s": value})


def test_padded_lengths_lose_nothing(tmp_path):
    varints = b"".join(varint(n, size=3) for n in (1, 2, 3))
    expected = GOOD | {"s": array(b"a", b"bc", b"def"), "z": GOOD["a"]}
    refused_or_equal(spelled(varints, [1, 2, 3]), tmp_path, expected)


def test_the_maker_agrees_with_the_format_about_one_string(tmp_path):
    stored, _ = encode_strings([b"q"])
    assert stored == bytes.fromhex("01 1d158265 71")


@pytest.mark.slow
def test_a_string_of_more_than_four_gibibytes_is_read_exactly(tmp_path):
    size = 2**32 + 5
    chunk, crc = bytes(2**24), lengths_crc([size])
    check = u32(mask(crc))
    crc = crc32c(check, crc)
    for _ in range(2**8):
        crc = crc32c(chunk, crc)
    crc = crc32c(bytes(5), crc)
    head = varint(size) + check
    bundle = BundleMaker()
    bundle.add("s", b"", size=len(head) + size, crc32c=mask(crc))
    bundle.shards[0][:] = head
    prefix = bundle.write(tmp_path)
    os.truncate(tmp_path / "model.data-00000-of-00001", len(head) + size)
    text = fastckpt.open(prefix)["s"].item()
    assert len(text) == size
    assert text.count(0) == size
