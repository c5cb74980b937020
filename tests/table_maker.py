"""Writes table files (SSTables) by hand, so that tests can break one rule at a time.

    [data block][trailer] ... [metaindex][trailer] [index block][trailer] [footer]

Every checksum is right unless a caller hands in another one: what a test breaks is
then the only thing that is wrong. Nothing here shares code with fastckpt, and
nothing is clever; `bundle_maker`, `v1_maker` and `snappy_maker` build on it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable

import google_crc32c

RAW, SNAPPY = 0, 1
MAGIC = bytes.fromhex("57fb808b247547db")
# No entries, one restart at offset 0.
EMPTY_BLOCK = bytes.fromhex("00000000 01000000")
TRAILER_SIZE = 5
FOOTER_SIZE = 48

Record = tuple[bytes, bytes]


def varint(number: int, *, size: int = 1) -> bytes:
    """Gives `number` as a varint, padded with 0x80 groups to at least `size` bytes.

    A negative number becomes ten bytes, as protocol buffers have it.
    """
    number &= 2**64 - 1
    groups = []
    while number or len(groups) < size or not groups:
        groups.append(number & 0x7F | 0x80)
        number >>= 7
    groups[-1] &= 0x7F
    return bytes(groups)


def crc32c(data: bytes, crc: int = 0) -> int:
    """Gives the CRC32C of `data`, as a continuation of the finished value `crc`."""
    return google_crc32c.extend(crc, bytes(data))


def mask(crc: int) -> int:
    """Gives the masked form in which checksums are stored."""
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def masked(data: bytes) -> int:
    """Gives the masked CRC32C of `data`."""
    return mask(crc32c(data))


def u32(number: int) -> bytes:
    """Gives `number` as four little-endian bytes."""
    return struct.pack("<I", number & 0xFFFFFFFF)


def entry(
    key: bytes,
    value: bytes,
    *,
    shared: int = 0,
    non_shared: int | None = None,
    value_size: int | None = None,
    varint_size: int = 1,
) -> bytes:
    """Gives one block entry; `key` is the part after the shared bytes."""
    lengths = (
        shared,
        len(key) if non_shared is None else non_shared,
        len(value) if value_size is None else value_size,
    )
    return b"".join(varint(n, size=varint_size) for n in lengths) + key + value


def restart_array(offsets: Iterable[int], count: int | None = None) -> bytes:
    """Gives the end of a block: the restart offsets and how many they are."""
    offsets = list(offsets)
    stored_count = len(offsets) if count is None else count
    return b"".join(map(u32, offsets)) + u32(stored_count)


def common_prefix(left: bytes, right: bytes) -> int:
    """Gives the number of first bytes that both keys have in common."""
    limit = min(len(left), len(right))
    same = (n for n in range(limit) if left[n] != right[n])
    return next(same, limit)


def block(
    records: Iterable[Record], *, interval: int = 16, share: int = 2**31
) -> bytes:
    """Gives the contents of a block.

    Args:
        records: Key and value pairs, taken in the order given.
        interval: How many entries lie between two restarts.
        share: The most bytes that an entry may take from the key before it.
    """
    out, restarts, previous = bytearray(), [], b""
    for number, (key, value) in enumerate(records):
        shared = min(common_prefix(previous, key), share)
        if number % interval == 0:
            restarts.append(len(out))
            shared = 0
        out += entry(key[shared:], value, shared=shared)
        previous = key
    return bytes(out) + restart_array(restarts or [0])


def trailer(stored: bytes, kind: int = RAW) -> bytes:
    """Gives the five bytes that follow a block."""
    return bytes([kind]) + u32(masked(stored + bytes([kind])))


def handle(offset: int, size: int) -> bytes:
    """Gives a block handle."""
    return varint(offset) + varint(size)


def footer(
    metaindex: bytes, index: bytes, *, padding: bytes = b"", magic: bytes = MAGIC
) -> bytes:
    """Gives the last 48 bytes of a table."""
    return (metaindex + index + padding).ljust(40, b"\0")[:40] + magic


class TableMaker:
    """Puts blocks one after another and remembers what the index has to say.

    Attributes:
        data: The bytes so far.
        index: The records of the index block so far; tests change them at will.
    """

    def __init__(self) -> None:
        self.data = bytearray()
        self.index: list[Record] = []

    def put_block(
        self, stored: bytes, *, kind: int = RAW, end: bytes | None = None
    ) -> bytes:
        """Appends a block as it is to be stored, with its trailer; gives its handle."""
        place = handle(len(self.data), len(stored))
        self.data += stored + (trailer(stored, kind) if end is None else end)
        return place

    def add_block(
        self,
        contents: bytes,
        last_key: bytes,
        *,
        compress: Callable[[bytes], bytes] | None = None,
    ) -> None:
        """Appends a data block and its index record."""
        stored, kind = (compress(contents), SNAPPY) if compress else (contents, RAW)
        self.index.append((last_key, self.put_block(stored, kind=kind)))

    def finish(
        self,
        *,
        index_block: bytes | None = None,
        compress: Callable[[bytes], bytes] | None = None,
    ) -> bytes:
        """Gives the whole file: the blocks, the metaindex, the index, the footer."""
        if index_block is None:
            index_block = block(self.index, interval=1)
        kind = SNAPPY if compress else RAW
        squeeze = compress or bytes
        metaindex = self.put_block(squeeze(EMPTY_BLOCK), kind=kind)
        index = self.put_block(squeeze(index_block), kind=kind)
        return bytes(self.data) + footer(metaindex, index)


def make_table(
    records: Iterable[Record],
    *,
    per_block: int = 2**31,
    compress: Callable[[bytes], bytes] | None = None,
    interval: int = 16,
) -> bytes:
    """Gives a right table of `records`, which must come with rising keys.

    Args:
        records: Key and value pairs.
        per_block: The most records of one data block.
        compress: Turns each block into its Snappy form; None stores them raw.
        interval: How many entries lie between two restarts.
    """
    records = list(records)
    maker = TableMaker()
    for first in range(0, len(records), per_block):
        part = records[first : first + per_block]
        contents = block(part, interval=interval)
        maker.add_block(contents, part[-1][0], compress=compress)
    return maker.finish(compress=compress)
