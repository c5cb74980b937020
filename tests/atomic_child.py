"""What `test_atomic_faults.py` runs with `faults.c` preloaded: one file replaced."""

from __future__ import annotations

import ctypes
import errno
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from fastckpt.files.replace import replace_file, write_beside

WRITE, FSYNC, RENAME, UNLINK, CREATE = 1, 2, 4, 8, 16
EVERY = WRITE | FSYNC | RENAME | UNLINK | CREATE
ONCE = 0
RENAMING = 2

OLD = b"old content"
NEW = b"new content, which is longer"

_calls = ctypes.CDLL(None)
_calls.fault_log.restype = ctypes.c_char_p
_calls.fault_hits.restype = ctypes.c_long
_calls.fault_arm.argtypes = [ctypes.c_int, ctypes.c_long, ctypes.c_int, ctypes.c_int]
_Hook = ctypes.CFUNCTYPE(None)

Write = Callable[[str, bytes, bool], None]


def _whole(path: str, content: bytes, fsync: bool) -> None:
    replace_file(path, content, fsync=fsync)


def _beside(path: str, content: bytes, fsync: bool) -> None:
    with write_beside(path, fsync) as beside, open(beside, "wb") as file:
        file.write(content)


WAYS: dict[str, Write] = {"whole": _whole, "beside": _beside}


def _log_of(work: Callable[[], None]) -> list[str]:
    """Gives what was called, of temporary names only what they are for."""
    _calls.fault_arm(EVERY, 10**9, ONCE, 0)
    work()
    _calls.fault_disarm()
    lines = _calls.fault_log().decode().splitlines()
    heads = [line.partition(".fastckpt-") for line in lines]
    return [head + ("*" + tail[8:] if mark else "") for head, mark, tail in heads]


def _before_renaming(call: Callable[[], None]) -> object:
    """Has a function called before "file" gets its name; what it gives is kept."""
    hook = _Hook(call)
    _calls.fault_before(RENAMING, b"file", hook)
    return hook


def flushes(folder: Path, write: Write) -> None:
    """The file is on the disk before it has its name, and then the name is."""
    path = str(folder / "file")
    found = _log_of(lambda: write(path, NEW, True))
    assert [line for line in found if not line.startswith("write")] == [
        *("create file*.tmp", "fsync file*.tmp", "rename file"),
        f"fsync {folder.name}",
    ]
    found = _log_of(lambda: write(path, OLD, False))
    assert not [line for line in found if line.startswith("fsync")]


def folders_are_flushed(folder: Path, write: Write) -> None:
    """Each folder that was made is on the disk as well."""
    assert write is _beside
    path = f"{folder}/a/b//file"
    found = _log_of(lambda: write(path, NEW, True))
    flushed = [line for line in found if line.startswith("fsync")]
    assert flushed[0] == "fsync file*.tmp"
    assert sorted(flushed[1:]) == sorted(["fsync b", "fsync a", f"fsync {folder.name}"])


def failures(folder: Path, write: Write) -> None:
    """A step that fails leaves the old file, up to the renaming, and no litter."""
    steps = [(CREATE, 1), (FSYNC, 1), (RENAME, 1)]
    if write is _whole:
        steps.append((WRITE, 1))
    for kind, number in steps:
        error = _struck(folder, write, kind, number)
        assert error is not None
        assert error.errno == errno.ENOSPC
        assert (error.filename, error.filename2) == (str(folder / "file"), None)
        assert (folder / "file").read_bytes() == OLD, (kind, number)


def failure_after_the_name(folder: Path, write: Write) -> None:
    """A folder that cannot be flushed is told; the new file is whole."""
    error = _struck(folder, write, FSYNC, 2)
    assert error is not None
    assert error.errno == errno.ENOSPC
    assert (folder / "file").read_bytes() == NEW


def litter_that_stays(folder: Path, write: Write) -> None:
    """What cannot be removed does not fail a file that is in place."""
    (folder / "file.fastckpt-0123abcd.tmp").write_bytes(OLD)
    assert _struck(folder, write, UNLINK, 1, left=2) is None
    assert (folder / "file").read_bytes() == NEW


def _struck(
    folder: Path, write: Write, kind: int, number: int, left: int = 1
) -> OSError | None:
    (folder / "file").write_bytes(OLD)
    _calls.fault_arm(kind, number, ONCE, errno.ENOSPC)
    try:
        write(str(folder / "file"), NEW, True)
    except OSError as error:
        return error
    finally:
        _calls.fault_disarm()
        assert _calls.fault_hits() == 1
        assert len(os.listdir(folder)) == left
    return None


def folder_takes_the_name(folder: Path, write: Write) -> None:
    """A folder made at the last moment is named by the path that was asked for."""
    path = str(folder / "file")
    hook = _before_renaming(lambda: os.mkdir(path))
    with pytest.raises(IsADirectoryError) as caught:
        write(path, NEW, True)
    assert hook
    assert (caught.value.filename, caught.value.filename2) == (path, None)
    assert os.listdir(folder) == ["file"]
    assert os.listdir(path) == []


def forked(folder: Path, write: Write) -> None:
    """A child forked at the renaming, which lives on, is waited for by nobody."""
    born: list[int] = []

    def fork() -> None:
        child = os.fork()
        if child == 0:
            time.sleep(100)
            os._exit(0)
        born.append(child)

    path = str(folder / "file")
    hook = _before_renaming(fork)
    write(path, OLD, True)
    assert hook
    try:
        second = threading.Thread(target=write, args=(path, NEW, True), daemon=True)
        second.start()
        second.join(timeout=60)
        assert not second.is_alive()
        assert os.waitpid(born[0], os.WNOHANG) == (0, 0)
    finally:
        os.kill(born[0], signal.SIGKILL)
        os.waitpid(born[0], 0)
    assert (folder / "file").read_bytes() == NEW
    assert os.listdir(folder) == ["file"]


def forked_and_ended(folder: Path, write: Write) -> None:
    """A child forked in the block, which it leaves by its end, removes nothing."""
    assert write is _beside
    path = str(folder / "file")
    with write_beside(path, True) as beside:
        Path(beside).write_bytes(NEW)
        child = os.fork()
        if child == 0:
            sys.exit(0)
        assert os.waitpid(child, 0)[1] == 0
        assert os.path.exists(beside)
    assert (folder / "file").read_bytes() == NEW
    assert os.listdir(folder) == ["file"]


if __name__ == "__main__":
    globals()[sys.argv[1]](Path(sys.argv[2]), WAYS[sys.argv[3]])
