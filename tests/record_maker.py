"""Writes files of records by hand, so that tests can break one rule at a time."""

from __future__ import annotations

import gzip
import zlib

from table_maker import crc32c, mask, u32


def record(data: bytes, length: int | None = None) -> bytes:
    """Gives one record; `length` is what it says of itself where that is a lie."""
    header = (len(data) if length is None else length).to_bytes(8, "little")
    return header + u32(mask(crc32c(header))) + data + u32(mask(crc32c(data)))


def records(*contents: bytes) -> bytes:
    """Gives a whole file."""
    return b"".join(map(record, contents))


def compressed(data: bytes, compression: str) -> bytes:
    """Gives a file as ``""``, ``"ZLIB"`` or ``"GZIP"`` has it."""
    if compression == "GZIP":
        return gzip.compress(data, mtime=0)
    return zlib.compress(data) if compression else data
