"""What a checkpoint is opened with, and its numbers checked."""

from __future__ import annotations

from operator import index as as_index
from typing import Literal, NamedTuple

import numpy as np

from fastckpt import _native

__all__ = ["MAX_INDEX_BYTES", "NO_LIMIT", "Options", "Verify", "count_threads"]

#: What ``open`` checks: each stored piece once and whole copies every time; what is
#: read in full; nothing.
Verify = bool | Literal["whole"]

MAX_INDEX_BYTES = 1 << 30
NO_LIMIT = (1 << 63) - 1
# More are of no use; starting them takes longer than the work.
_MAX_THREADS = 1024


class Options(NamedTuple):
    """The options of ``open``, as it explains them."""

    verify: Verify = True
    io: str = "auto"
    threads: int | None = None
    max_index_bytes: int = MAX_INDEX_BYTES

    @classmethod
    def checked(
        cls,
        verify: Verify | None,
        io: str,
        threads: int | None,
        max_index_bytes: int,
    ) -> Options:
        """Gives the options of a call.

        Raises:
            TypeError, ValueError: The limit is no positive int, ``verify`` none of its
                values.
        """
        limit = min(_check_positive(max_index_bytes, "max_index_bytes"), NO_LIMIT)
        return cls(_checked_verify(verify), io, threads, limit)


def _checked_verify(verify: object) -> Verify:
    """Gives how much is checked; None: what files get by default."""
    if verify is None:
        return True
    if isinstance(verify, (bool, np.bool_)):
        return bool(verify)
    if isinstance(verify, str) and verify == "whole":
        return "whole"
    raise ValueError(f"verify must be True, False, 'whole' or None, not {verify!r}")


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
