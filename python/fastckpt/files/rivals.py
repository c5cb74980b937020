"""A V1 checkpoint of a V2 checkpoint's name: it counts again when the V2 files go.

Both may lie there at once, and whoever looks takes the V2 one. TensorFlow leaves the
V1 files in either case and says nothing: years later an old model is read.
"""

from __future__ import annotations

import warnings

from fastckpt.base.callers import callers_level
from fastckpt.files.find import find_v1_shards, is_file, is_format

__all__ = ["warn_of_kept_v1", "warn_of_left_v1"]


def warn_of_kept_v1(prefix: str) -> None:
    """Warns, before a V2 checkpoint is written, of a V1 one that it would hide.

    Warns:
        UserWarning: There is one; how to remove it.
    """
    if name := _find_v1(prefix):
        warnings.warn(
            f"{prefix!r}: the V1 checkpoint {name!r} stays beside the V2 checkpoint "
            "that is written, and counts again when that one is removed; where it is "
            f"not needed, delete {name!r} alone: a .meta of this name is of both",
            stacklevel=callers_level(),
        )


def warn_of_left_v1(prefix: str) -> None:
    """Warns, after a V2 checkpoint was removed, of a V1 one that counts from now on.

    Warns:
        UserWarning: There is one; how to remove it.
    """
    if name := _find_v1(prefix):
        warnings.warn(
            f"{prefix!r}: the V2 checkpoint is removed, and the older V1 checkpoint "
            f"{name!r} counts again; remove_checkpoint({name!r}, 'v1') removes it",
            stacklevel=callers_level(),
        )


def _find_v1(prefix: str) -> str | None:
    """Gives the name of the V1 checkpoint that a prefix leads to, if there is one."""
    if "\0" in prefix:  # no file has such a name; the core says so
        return None
    if is_file(prefix):
        return prefix if is_format(prefix, "v1") else None
    try:
        found = find_v1_shards(prefix)
    except OSError:  # shards are missing: they open as nothing
        return None
    return found.prefix if found else None
