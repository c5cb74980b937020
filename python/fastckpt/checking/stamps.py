"""Whether a checkpoint's files are still those that were looked at."""

from __future__ import annotations

import os

from fastckpt.errors import CorruptionError
from fastckpt.files.find import data_files, find_whole

__all__ = ["Stamp", "stamp_of"]

#: Of each file its path, its number, its size and its time of change.
Stamp = tuple[tuple[str, int, int, int], ...]


def stamp_of(prefix: str) -> Stamp:
    """Gives what tells a checkpoint from another of its name; () where none is."""
    try:
        found = find_whole(prefix)
        if found is None:
            return ()
        data = data_files(prefix) if found.format == "v2" else []
        return tuple(map(_describe, [*found.files, *data]))
    except (CorruptionError, OSError):
        return ()


def _describe(path: str) -> tuple[str, int, int, int]:
    status = os.stat(path)
    return os.path.abspath(path), status.st_ino, status.st_size, status.st_mtime_ns
