"""What a file is that is none of ours, by its first bytes."""

from __future__ import annotations

import os
import stat

__all__ = ["looks_like_table", "name_foreign", "name_foreign_file"]

_BEGINNINGS = (
    (b"PK\x03\x04", "a zip file (.npz, .keras, torch)"),
    (b"\x1f\x8b", "a gzip file"),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
    (b"\x93NUMPY", "a .npy file"),
    *((bytes([0x80, version]), "a pickle") for version in range(2, 6)),
)
# A map of a few, or of many, entries; its first key is a short or a longer text.
_MAP_SIZES = {0xDE: 3, 0xDF: 5}
_TEXT_SIZES = {0xD9: 2, 0xDA: 3, 0xDB: 5}
_TAR = slice(257, 262)
# How the tables begin and end of which V1 checkpoints and indexes are made.
_TABLE_BEGIN = bytes(2)
_TABLE_END = bytes.fromhex("57fb808b247547db")
# What is enough to know any of them.
_BEGIN_BYTES = 512


def name_foreign(begin: bytes) -> str | None:
    """Says what a file is whose first bytes another program's format has.

    Args:
        begin: The first bytes, 262 or more of them where there are as many.

    Returns:
        None where it is no format that is known here.
    """
    for beginning, what in _BEGINNINGS:
        if begin.startswith(beginning):
            return what
    if begin[_TAR] == b"ustar":
        return "a tar file"
    if begin[8:10] == b'{"' and begin[2:8] == bytes(6):
        return "a safetensors file"
    if _is_msgpack(begin):
        return "a msgpack file (as Flax and T5X save models)"
    return None


def name_foreign_file(path: str) -> str | None:
    """Does that for a file; None too where none is there that can be read."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return None
        with open(path, "rb") as file:
            return name_foreign(file.read(_BEGIN_BYTES))
    except OSError:
        return None


def looks_like_table(path: str) -> bool:
    """Tells whether a file begins or ends as a V1 checkpoint does, damaged or not."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return False
        with open(path, "rb") as file:
            begin = file.read(len(_TABLE_BEGIN))
            file.seek(-min(os.fstat(file.fileno()).st_size, len(_TABLE_END)), 2)
            return begin == _TABLE_BEGIN or file.read() == _TABLE_END
    except OSError:
        return False


def _is_msgpack(begin: bytes) -> bool:
    """Tells whether it is a map whose first key is a text."""
    if not begin:
        return False
    first = begin[0]
    at = 1 if 0x81 <= first <= 0x8F else _MAP_SIZES.get(first, 0)
    if at == 0 or at >= len(begin):
        return False
    kind = begin[at]
    start = at + (1 if 0xA1 <= kind <= 0xBF else _TEXT_SIZES.get(kind, 0))
    size = kind & 0x1F if 0xA1 <= kind <= 0xBF else 1
    key = begin[start : start + size]
    return start > at and key.isascii() and key.decode("ascii").isprintable()
