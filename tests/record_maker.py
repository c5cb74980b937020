"""Files of records, written here byte by byte."""

from __future__ import annotations

import gzip
import struct
import zlib

from fastckpt import _native


def record(data: bytes, length: int | None = None) -> bytes:
    """One record; `length` is what it says of itself where that is a lie."""
    header = struct.pack("<Q", len(data) if length is None else length)
    return header + _checksum(header) + data + _checksum(data)


def records(*contents: bytes) -> bytes:
    return b"".join(map(record, contents))


def compressed(data: bytes, compression: str) -> bytes:
    if compression == "GZIP":
        return gzip.compress(data, mtime=0)
    return zlib.compress(data) if compression else data


def _checksum(data: bytes) -> bytes:
    plain = _native.crc32c(data)
    rotated = ((plain >> 15) | (plain << 17)) & 0xFFFFFFFF
    return struct.pack("<I", (rotated + 0xA282EAD8) & 0xFFFFFFFF)
