"""What is said of a checkpoint that lies where a killed save set it aside."""

from __future__ import annotations

import os
import sys
import warnings
from typing import Protocol

from fastckpt import _native

__all__ = ["is_aside", "warn"]


class _Opened(Protocol):
    path: str

    @property
    def files(self) -> tuple[str, ...]: ...


def is_aside(checkpoint: _Opened) -> bool:
    """Tells whether a checkpoint was opened where a save had set it aside."""
    file = os.path.basename(checkpoint.files[0])
    if not file.endswith(".old"):
        return False
    base = _native.base_of_aside(os.fsencode(file))
    return base == os.fsencode(os.path.basename(checkpoint.path))


def warn(checkpoint: _Opened) -> None:
    """Warns of a checkpoint aside: what it is, and how it gets its names back."""
    index = os.path.basename(checkpoint.files[0])
    mark = index[index.rindex(".fastckpt-") :]
    is_v1 = index == os.path.basename(checkpoint.path) + mark
    rest = "" if is_v1 else ", the index's last"
    warnings.warn(
        f"{checkpoint.path}: a save that was killed, or is still under way, set these "
        f"files aside ({index!r} ...); they are read where they lie, and nothing is "
        f"lost. The next save under this prefix puts them back. By hand, while no save "
        f"is running: take the ending {mark!r} off all their names{rest}",
        RuntimeWarning,
        stacklevel=_callers_level(),
    )


def _callers_level() -> int:
    """How far up the first frame is that is not of this package."""
    level = 1
    frame = sys._getframe(1)
    while frame.f_back and frame.f_globals.get("__name__", "").startswith("fastckpt"):
        frame = frame.f_back
        level += 1
    return level
