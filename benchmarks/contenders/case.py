"""One path of one contender, ready to be timed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

__all__ = ["Case"]


class Case(NamedTuple):
    """What is timed, and what proves it afterwards.

    Attributes:
        run: The timed work; what it returns lives until the time is taken.
        prove: Gives the digest of what `run` returned.
        expected: The digest that it must have.
        cold: The files and folders of which nothing must be in the page cache when a
            run begins.
        loops: How often one run does the work, for what takes microseconds; its
            time is the mean.
    """

    run: Callable[[], Any]
    prove: Callable[[Any], str]
    expected: str
    cold: tuple[str, ...] = ()
    loops: int = 1
