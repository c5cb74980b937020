"""How much of a file the page cache holds."""

from __future__ import annotations

import ctypes
import mmap
import os
from collections.abc import Iterable
from pathlib import Path
from time import sleep

__all__ = ["drop_all", "drop_from_cache", "resident_bytes"]

_PAUSES = (0.01, 0.05, 0.2)  # seconds


def resident_bytes(path: str) -> int:
    """Gives how many bytes of a file are in the page cache, by `mincore`."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    size = os.path.getsize(path)
    if size == 0:
        return 0
    pages = (ctypes.c_ubyte * -(-size // mmap.PAGESIZE))()
    file = os.open(path, os.O_RDONLY)
    try:
        address = libc.mmap(
            None,
            ctypes.c_size_t(size),
            mmap.PROT_READ,
            mmap.MAP_SHARED,
            file,
            ctypes.c_long(0),
        )
    finally:
        os.close(file)
    where = (ctypes.c_void_p(address), ctypes.c_size_t(size))
    failed = libc.mincore(*where, pages)
    libc.munmap(*where)
    if failed:
        raise OSError(ctypes.get_errno(), "mincore", path)
    return sum(page & 1 for page in bytes(pages)) * mmap.PAGESIZE


def drop_from_cache(path: str) -> int:
    """Makes the next reader find nothing in the page cache; gives what is left."""
    file = os.open(path, os.O_RDONLY)
    try:
        os.fdatasync(file)
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(file)
    return resident_bytes(path)


def drop_all(paths: Iterable[str]) -> int:
    """Does so for files, and for all files in folders; gives what is left of them."""
    files: list[str] = []
    for path in map(Path, paths):
        found = path.rglob("*") if path.is_dir() else [path]
        files += [str(file) for file in found if file.is_file()]
    left = _drop(files)
    # A page that somebody else looks at just now stays once, not for ever.
    for pause in _PAUSES:
        if not left:
            break
        sleep(pause)
        left = _drop(left)
    return sum(left.values())


def _drop(files: Iterable[str]) -> dict[str, int]:
    """Drops files from the cache; gives those of which something is left."""
    return {file: left for file in files if (left := drop_from_cache(file))}
