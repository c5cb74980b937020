"""How many files a process may have open, asked before a call that needs many."""

from __future__ import annotations

import errno
import os

from fastckpt.base.deferred import importing

__all__ = ["check_open_files", "may_open"]

# So few are never worth a question; so many shards the core refuses by itself.
_FEW = 32
_MOST = 99_999
# What a call opens besides: folders, an index, the lock.
_BESIDES = 16


def check_open_files(count: int, path: str, fewer: str) -> None:
    """Checks that so many more files may be open at once.

    Args:
        count: How many.
        path: What they belong to.
        fewer: How to do with fewer of them.

    Raises:
        OSError: EMFILE; the message names the limit, and what to do.
    """
    if count > _MOST or may_open(count):
        return
    used, limit = _count_open(), _limit()
    needed = count + used + _BESIDES
    raise OSError(
        errno.EMFILE,
        f"too many open files: {count:,} are needed at once, {used:,} are there "
        f"already, and the process may have {limit:,} (RLIMIT_NOFILE); raise that "
        f"('ulimit -n {needed}'), or {fewer}",
        path,
    )


def may_open(count: int) -> bool:
    """Tells whether the process may have so many more files open at once."""
    if count <= _FEW:
        return True
    limit = _limit()
    return limit < 0 or count + _count_open() + _BESIDES <= limit


def _limit() -> int:
    """Gives how many files may be open; less than 0: any number."""
    with importing:
        import resource

    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return -1 if limit == resource.RLIM_INFINITY else limit


def _count_open() -> int:
    try:
        return len(os.listdir("/dev/fd"))
    except OSError:
        return 3
