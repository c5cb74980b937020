"""How files are read: what ``io="auto"`` picks, and why."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from fastckpt import _native

__all__ = ["Choice", "choices"]

_MODES = ("auto", "mmap", "read")

Choice = tuple[str, str, str]
"""("mmap" or "read", why, the file system's name)."""


def choices(
    io: str, file: str, opened: Callable[[], _native.Reader]
) -> Iterator[Choice]:
    """Gives how to open a checkpoint; a second time where the first was not right.

    Only an open index tells which files hold the data, and links may lead these to
    another file system than its own.

    Args:
        io: What was asked for.
        file: The index, or the first V1 file.
        opened: Gives what was opened as the first choice says.

    Raises:
        ValueError: ``io`` is not "auto", "mmap" or "read".
    """
    first = _choose(io, file)
    yield first
    if io == "auto" and first[0] == "mmap":
        for filesystem in opened().filesystems():
            if _native.is_network_filesystem(filesystem):
                yield _read(filesystem)
                return


def _choose(io: str, file: str) -> Choice:
    if io not in _MODES:
        raise ValueError(f"io must be one of {', '.join(_MODES)}, not {io!r}")
    filesystem = _native.filesystem_of(os.fsencode(file))
    if io != "auto":
        return io, "asked for", filesystem
    if _native.is_network_filesystem(filesystem):
        return _read(filesystem)
    return "mmap", f"{filesystem} maps pages of the page cache", filesystem


def _read(filesystem: str) -> Choice:
    return "read", f"{filesystem} serves mappings page by page", filesystem
