"""Files that are complete or not there at all: written beside, synced, renamed."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager

from fastckpt.urls import target_path

__all__ = ["replace_file", "write_beside"]

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
    """
    with _beside(target_path(path), fsync) as beside, open(beside, "wb") as file:
        file.write(content)


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
    """
    path = target_path(path)
    if os.path.islink(path):  # to the standard output, maybe
        path = os.path.realpath(path)
    _make_missing(os.path.dirname(path), fsync)
    with _beside(path, fsync) as beside:
        yield beside


def _make_missing(folder: str, fsync: bool) -> None:
    if not folder or os.path.lexists(folder):
        return
    above = os.path.dirname(folder)
    _make_missing(above, fsync)
    try:
        os.mkdir(folder)
    except FileExistsError:  # somebody else was faster
        return
    if fsync:
        _sync(above or ".")


@contextmanager
def _beside(path: str, fsync: bool) -> Iterator[str]:
    if not os.path.basename(path) or os.path.isdir(path):
        raise IsADirectoryError(errno.EISDIR, "a folder is in the way", path)
    _refuse_special(path)
    beside = f"{path}.fastckpt-{os.urandom(4).hex()}.tmp"
    try:
        with _created(beside) as mode:
            yield beside
            _finish(beside, path, mode, fsync)
    except OSError as error:
        is_ours = error.filename == beside
        if is_ours or (error.filename is None and error.errno in _NO_ROOM):
            raise OSError(error.errno, error.strerror, path) from error
        raise


def _refuse_special(path: str) -> None:
    """Renaming over a device or a pipe would put a file in its place for everybody."""
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "not a regular file", path)


@contextmanager
def _created(path: str) -> Iterator[int]:
    """Makes a file that has gone when the block ends, unless it was renamed.

    Gives its mode. As long as the block runs, it is not taken for litter.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    # The lock: between creation and its own lock a file looks abandoned.
    with _locked_folder(path):
        descriptor = os.open(path, flags, 0o666)
        _mark_used(descriptor)
    try:
        yield os.fstat(descriptor).st_mode
    except BaseException:
        _remove(path)
        raise
    finally:
        os.close(descriptor)


def _finish(beside: str, path: str, mode: int, fsync: bool) -> None:
    # Opened anew: a library may have put a file of its own there.
    descriptor = os.open(beside, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _mark_used(descriptor)
        if os.fstat(descriptor).st_mode != mode:
            os.fchmod(descriptor, mode)
        if fsync:
            os.fsync(descriptor)
        with _locked_folder(path) as folder:
            os.replace(beside, path)
            if fsync:
                os.fsync(folder)
            _remove_litter(path)
    finally:
        os.close(descriptor)


@contextmanager
def _locked_folder(path: str) -> Iterator[int]:
    """Holds the lock without which no process of ours makes files in a file's folder.

    Gives the folder's descriptor.
    """
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
    descriptor = os.open(os.path.dirname(path) or ".", flags)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        except OSError:  # a file system without locks
            yield descriptor
            return
        try:
            yield descriptor
        finally:
            # Closing would not do: a forked child may hold a copy.
            fcntl.flock(descriptor, fcntl.LOCK_UN)
    finally:
        os.close(descriptor)


def _mark_used(descriptor: int) -> None:
    """Marks a file as used until its descriptor is closed, where there are locks."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return


def _is_abandoned(path: str) -> bool:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    finally:
        os.close(descriptor)
    return True


def _remove_litter(path: str) -> None:
    folder, base = os.path.split(path)
    litter = re.compile(re.escape(base) + r"\.fastckpt-[0-9a-f]{8}\.tmp")
    for name in os.listdir(folder or "."):
        beside = os.path.join(folder, name)
        if litter.fullmatch(name) and _is_abandoned(beside):
            _remove(beside)


def _sync(folder: str) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        # It never was, or it stays as litter: nobody takes it for a checkpoint.
        return
