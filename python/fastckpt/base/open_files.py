"""How many files a process may have open, asked before a call that needs many."""

from __future__ import annotations

import errno
import os

from fastckpt.base.deferred import importing

__all__ = ["check_open_files"]

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
    if not _FEW < count <= _MOST:
        return
    with importing:
        import resource

    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    used = _count_open()
    if limit == resource.RLIM_INFINITY or count + used + _BESIDES <= limit:
        return
    needed = count + used + _BESIDES
    raise OSError(
        errno.EMFILE,
        f"too many open files: {count:,} are needed at once, {used:,} are there "
        f"already, and the process may have {limit:,} (RLIMIT_NOFILE); raise that "
        f"('ulimit -n {needed}'), or {fewer}",
        path,
    )


def _count_open() -> int:
    try:
        return len(os.listdir("/dev/fd"))
    except OSError:
        return 3
