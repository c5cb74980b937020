"""One path of one contender, ready to be timed."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, NamedTuple

__all__ = ["Case", "drop_from_cache", "nothing"]


def nothing() -> None:
    """Prepares nothing."""


class Case(NamedTuple):
    """What is timed, and what proves it afterwards.

    Attributes:
        run: The timed work; what it returns lives until the time is taken.
        prove: Gives the digest of what `run` returned.
        expected: The digest that it must have.
        before: Untimed, before each run.
        loops: How often one run does the work, for what takes microseconds; its
            time is the mean.
    """

    run: Callable[[], Any]
    prove: Callable[[Any], str]
    expected: str
    before: Callable[[], None] = nothing
    loops: int = 1


def drop_from_cache(path: str) -> None:
    """Makes the next reader of a file find nothing in the page cache."""
    file = os.open(path, os.O_RDONLY)
    try:
        os.fdatasync(file)
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(file)
