"""Forks while another thread is in the middle of an import that a call puts off.

`python import_forks.py METHOD FOLDER` tries every call of `CALLS`, each in a process
that has imported nothing but the package, and prints the calls that failed. METHOD
is how the fork is made: "main", "thread", "pool"; or "watch", which forks not at all
and looks for imports that are made outside of `importing`. The folder holds what
`prepare` writes.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType

import numpy as np

import fastckpt
from fastckpt.base.deferred import importing

# Seconds after which a child hangs that should have ended long before.
PATIENCE = 20
# How long an import lasts once the fork was asked for.
PAUSE = 0.1

Call = Callable[[Path], object]


def prepare(folder: Path) -> None:
    """Writes what the calls read."""
    import ml_dtypes

    tensors = {"a": np.arange(5), "h": np.ones(3, ml_dtypes.bfloat16)}
    for name in ("model", "old"):
        fastckpt.save(folder / name, tensors)
    fastckpt.save(folder / "part", {"p": np.arange(2)})
    fastckpt.update_checkpoint_state(folder, folder / "model")
    (folder / "nothing").mkdir()


def _own(folder: Path) -> Path:
    """A prefix that no other process or thread has."""
    return folder / f"own-{os.getpid()}-{threading.get_ident()}"


def _open(folder: Path) -> fastckpt.Checkpoint:
    return fastckpt.open(folder / "model")


def _refused(call: Callable[[], object], *errors: type[Exception]) -> None:
    try:
        call()
    except errors:
        return
    raise AssertionError("not refused")


def _with_writer(folder: Path) -> None:
    with fastckpt.Writer(_own(folder)) as writer:
        writer.add("a", np.arange(3))


def _with_saver(folder: Path) -> None:
    saver = fastckpt.Saver()
    path = saver.save(_own(folder), {"a": np.arange(3)}, 1)
    saver.restore(path, {"a": np.zeros(3, int)})


def _remove(folder: Path) -> None:
    fastckpt.save(_own(folder), {"a": np.arange(3)})
    fastckpt.remove_checkpoint(_own(folder))


def _npz(folder: Path) -> None:
    with importing:
        from fastckpt.formats import npz

    path = f"{_own(folder)}.npz"
    npz.write(path, {"a": np.arange(3)})
    with npz.read(path) as tensors:
        assert tensors["a"][2] == 2


CALLS: dict[str, Call] = {
    "verify": lambda folder: _open(folder).verify(),
    "progress": lambda folder: _open(folder).verify(progress=lambda done, all: None),
    "layout": lambda folder: _open(folder).layout("a"),
    "explain": lambda folder: str(_open(folder).explain()),
    "objects": lambda folder: _refused(
        lambda: _open(folder).objects, KeyError, ModuleNotFoundError
    ),
    "pattern": lambda folder: _open(folder).load(["a*"]),
    "missing name": lambda folder: _refused(lambda: _open(folder)["b"], KeyError),
    "bfloat16": lambda folder: _open(folder)["h"],
    "infos": lambda folder: _open(folder).infos(),
    "open a folder": lambda folder: fastckpt.open(folder),
    "open a state file": lambda folder: fastckpt.open(folder / "checkpoint"),
    "open nothing": lambda folder: _refused(
        lambda: fastckpt.open(folder / "modle"), FileNotFoundError
    ),
    "save": lambda folder: fastckpt.save(_own(folder), {"a": np.arange(3)}),
    "save text": lambda folder: fastckpt.save(_own(folder), {"a": ["x", "y"]}),
    "Writer": _with_writer,
    "Saver": _with_saver,
    "merge": lambda folder: fastckpt.merge(
        [folder / "model", folder / "part"], _own(folder)
    ),
    "rewrite": lambda folder: fastckpt.rewrite(folder / "model", _own(folder)),
    "latest_checkpoint": lambda folder: fastckpt.latest_checkpoint(folder),
    "get_checkpoint_state": lambda folder: fastckpt.get_checkpoint_state(folder),
    "checkpoint_exists": lambda folder: fastckpt.checkpoint_exists(folder / "model"),
    "remove_checkpoint": _remove,
    "MetaGraph": lambda folder: _refused(
        lambda: fastckpt.MetaGraph.read(folder / "checkpoint"), Exception
    ),
    "npz": _npz,
}


class Finder:
    """Stands before all finders and makes one thread's imports last."""

    def __init__(self) -> None:
        self.worker: int | None = None
        self.outside: list[str] = []
        self.started = threading.Event()
        self.forking = threading.Event()

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> None:
        """Finds nothing; the caller holds the lock of the module meanwhile."""
        if threading.get_ident() != self.worker:
            return
        if not importing.is_inside:
            self.outside.append(name)
        self.started.set()
        if self.forking.wait(PATIENCE):
            time.sleep(PAUSE)


def _status_of(child: int) -> str | None:
    """Waits for a child; tells what went wrong."""
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return _problem(status)


def _problem(status: int | None) -> str | None:
    if status == -signal.SIGALRM:
        return "hangs"
    return f"ended with {status}" if status else None


def _exit_after(work: Callable[[], object], patience: int) -> None:
    """Ends this process: 0 if the work was done, by a signal if it never is."""
    signal.alarm(patience)
    try:
        work()
    except BaseException as error:
        print(repr(error), file=sys.stderr, flush=True)
        os._exit(1)
    os._exit(0)


def _fork(work: Callable[[], object], patience: int = PATIENCE) -> str | None:
    child = os.fork()
    if child == 0:
        _exit_after(work, patience)
    return _status_of(child)


def _fork_pool(work: Callable[[], object]) -> str | None:
    import multiprocessing

    def limited() -> None:
        signal.alarm(PATIENCE)
        work()

    process = multiprocessing.get_context("fork").Process(target=limited)
    process.start()
    process.join()
    return _problem(process.exitcode)


def _try(call: Call, method: str, folder: Path) -> None:
    finder = Finder()
    sys.meta_path.insert(0, finder)
    if method == "watch":
        finder.worker = threading.get_ident()
        finder.forking.wait = lambda timeout=None: False  # type: ignore[method-assign]
        call(folder)
        assert not finder.outside, finder.outside
        return
    problems: list[str | None] = []

    def work() -> None:
        finder.worker = threading.get_ident()
        call(folder)

    def fork() -> None:
        while not finder.started.wait(0.01) and worker.is_alive():
            pass
        finder.forking.set()
        how = _fork_pool if method == "pool" else _fork
        problems.append(how(lambda: call(folder)))

    worker = threading.Thread(target=work)
    worker.start()
    if method == "thread":
        forker = threading.Thread(target=fork)
        forker.start()
        forker.join()
    else:
        fork()
    worker.join()
    assert problems == [None], problems


def main(method: str, folder: Path) -> None:
    """Tries each call in a process of its own."""
    for name, call in CALLS.items():
        problem = _fork(lambda call=call: _try(call, method, folder), 3 * PATIENCE)
        if problem is not None:
            print(f"{name}: {problem}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
