"""What a checkpoint is opened with, and its numbers checked."""

from __future__ import annotations

from operator import index as as_index
from typing import NamedTuple

from fastckpt import _native

__all__ = ["MAX_INDEX_BYTES", "NO_LIMIT", "Options", "count_threads"]

MAX_INDEX_BYTES = 1 << 30
NO_LIMIT = (1 << 63) - 1
# More are of no use; starting them takes longer than the work.
_MAX_THREADS = 1024


class Options(NamedTuple):
    """The options of ``open``, as it explains them."""

    verify: bool = True
    io: str = "auto"
    threads: int | None = None
    max_index_bytes: int = MAX_INDEX_BYTES

    @classmethod
    def checked(
        cls, verify: bool, io: str, threads: int | None, max_index_bytes: int
    ) -> Options:
        """Gives the options of a call.

        Raises:
            TypeError, ValueError: The limit is no positive int.
        """
        limit = min(_check_positive(max_index_bytes, "max_index_bytes"), NO_LIMIT)
        return cls(bool(verify), io, threads, limit)


def count_threads(threads: int | None) -> int:
    """Gives how many threads a call may use; None: the CPUs of the process.

    Raises:
        TypeError, ValueError: It is no positive int.
    """
    if threads is None:
        return _native.available_threads()
    return min(_check_positive(threads, "threads"), _MAX_THREADS)


def _check_positive(number: int, what: str) -> int:
    if isinstance(number, bool) or not hasattr(number, "__index__"):
        raise TypeError(f"{what} must be an int, not {number!r}")
    if number < 1:
        raise ValueError(f"{what} must be at least 1, not {number}")
    return as_index(number)
