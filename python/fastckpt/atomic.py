"""Files that are complete or not there at all: written beside, synced, renamed."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["replace_file"]


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
    folder, base = os.path.split(path)
    with _locked_folder(folder or ".") as descriptor:
        beside = f"{path}.fastckpt-{os.urandom(4).hex()}.tmp"
        try:
            _write_new(beside, content, fsync=fsync)
            os.replace(beside, path)
        except BaseException:
            _remove(beside)
            raise
        if fsync:
            os.fsync(descriptor)
        _remove_litter(folder, base)


@contextmanager
def _locked_folder(folder: str) -> Iterator[int]:
    """Holds the lock without which no process of ours makes files in a folder."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
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


def _write_new(path: str, content: bytes, *, fsync: bool) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    with open(os.open(path, flags, 0o666), "wb") as file:
        file.write(content)
        file.flush()
        if fsync:
            os.fsync(file.fileno())


def _remove_litter(folder: str, base: str) -> None:
    litter = re.compile(re.escape(base) + r"\.fastckpt-[0-9a-f]{8}\.tmp")
    for name in os.listdir(folder or "."):
        if litter.fullmatch(name):
            _remove(os.path.join(folder, name))


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        # It never was, or it stays as litter: nobody takes it for a checkpoint.
        return
