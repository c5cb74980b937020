"""Files that are complete or not there at all, and the lock of a prefix.

The core does it, cpp/fastckpt/write/file_replacement.h.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

from fastckpt import _native
from fastckpt.files.urls import target_path

__all__ = ["lock_prefix", "remove_free_locks", "replace_file", "write_beside"]

# What a file system says that has no room, and then not of which file.
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def replace_file(path: str, content: bytes, *, fsync: bool = True) -> None:
    """Writes a file so that whoever looks finds the old content or the new.

    What a process that was killed left beside this very file is removed.

    Args:
        path: The file; its folder must exist.
        content: All its bytes.
        fsync: Whether file and folder are on the disk when the call returns.

    Raises:
        OSError: The file could not be written; the old one is as it was.
        ValueError: The name ends like those of our own files.
    """
    path = target_path(path)
    file = _native.FileReplacement(os.fsencode(path), makes_folders=False)
    try:
        file.write(content)
        file.finish(fsync)
    finally:
        file.drop()


@contextmanager
def write_beside(path: str, fsync: bool) -> Iterator[str]:
    """Gives an empty file to write; it gets its name when the block ends well.

    What a process that was killed left beside this very file is removed then.

    Args:
        path: The name it gets; folders that are missing are made. A file that has it
            stays until that instant, and stays where the block fails; views of it
            keep their bytes. A link stays: what it points to is replaced.
        fsync: Whether file and folder are on the disk when the block ends.

    Raises:
        OSError: The file could not be written, or what has its name is no file but a
            device or a pipe; it is `path` that the error names, or where it points.
        ValueError: The name ends like those of our own files.
    """
    path = target_path(path)
    if os.path.islink(path):  # to the standard output, maybe
        path = os.path.realpath(path)
    file = _native.FileReplacement(os.fsencode(path), makes_folders=True)
    beside = file.path
    try:
        yield beside
        file.finish(fsync)
    except OSError as error:
        is_ours = error.filename == beside
        if is_ours or (error.filename is None and error.errno in _NO_ROOM):
            raise OSError(error.errno, error.strerror, path) from error
        raise
    finally:
        file.drop()


@contextmanager
def lock_prefix(prefix: str, *, removes: bool = False) -> Iterator[None]:
    """Keeps saves and removals of a checkpoint's name out while the block runs.

    With `removes` what killed saves were writing under the name goes at its end.

    Waits for those under way. Does nothing where the folder is missing or the file
    system has no locks.

    Raises:
        OSError: The folder cannot be written to.
    """
    if not os.path.basename(prefix):  # no checkpoint can have this name
        yield
        return
    lock = _native.PrefixLock(os.fsencode(prefix))
    try:
        yield
        if removes:
            lock.remove_abandoned()
    finally:
        lock.release()


def remove_free_locks(prefix: str) -> None:
    """Removes what killed processes left of locks of ``PREFIX-NUMBER``.

    Those that somebody holds stay, and what cannot be removed.
    """
    if os.path.basename(prefix):  # else no lock has such a name
        _native.remove_free_locks(os.fsencode(prefix))
