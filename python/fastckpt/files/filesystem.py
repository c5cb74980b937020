"""How files are read: what ``io="auto"`` picks, and why."""

from __future__ import annotations

import os

from fastckpt import _native

__all__ = ["choose"]

_MODES = ("auto", "mmap", "read")


def choose(io: str, file: str) -> tuple[str, str, str]:
    """Gives ("mmap" or "read", why, the file system's name).

    Raises:
        ValueError: ``io`` is not "auto", "mmap" or "read".
    """
    if io not in _MODES:
        raise ValueError(f"io must be one of {', '.join(_MODES)}, not {io!r}")
    filesystem = _native.filesystem_of(os.fsencode(file))
    if io != "auto":
        return io, "asked for", filesystem
    if _native.is_network_filesystem(filesystem):
        return "read", f"{filesystem} serves mappings page by page", filesystem
    return "mmap", f"{filesystem} maps pages of the page cache", filesystem
