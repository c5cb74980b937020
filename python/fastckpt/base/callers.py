"""Whose call it is that a warning is about."""

from __future__ import annotations

import sys

__all__ = ["callers_level"]


def callers_level() -> int:
    """Gives the ``stacklevel`` of the first frame that is not of this package.

    It counts from the function that calls this one.
    """
    level = 1
    frame = sys._getframe(1)
    while frame.f_back and frame.f_globals.get("__name__", "").startswith("fastckpt"):
        frame = frame.f_back
        level += 1
    return level
