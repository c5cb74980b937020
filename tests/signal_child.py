"""What `test_signals.py` runs with `slow.c` preloaded: signals in the middle of calls.

`python signal_child.py SCENARIO FOLDER CALL` ends with 0 if all was as it should be.
The folder holds what `prepare` writes. Every read and write of a data file takes
`PAUSE`, so that a call takes seconds; a signal comes when some were made.
"""

from __future__ import annotations

import ctypes
import faulthandler
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import numpy as np

_calls = ctypes.CDLL(None)
# Whoever began this, in the background of a shell maybe, may ignore it.
signal.signal(signal.SIGINT, signal.default_int_handler)

PAUSE = 0.06
# A call that is to be interrupted has so many tensors, each of them several reads.
COUNT = 24
SIZE = 1 << 20
PIECE = 100_000

Call = Callable[[Path], object]


def values(number: int) -> np.ndarray:
    return np.full(SIZE, number, np.uint8)


def prepare(folder: Path) -> None:
    """Writes what the calls read."""
    import fastckpt

    tensors = {f"w{number:02}": values(number) for number in range(COUNT)}
    fastckpt.save(folder / "slow-model", tensors, fsync=False)
    fastckpt.save(folder / "slow-v1", tensors, format="v1", fsync=False)
    floats = {name: value.view(np.float32) for name, value in tensors.items()}
    fastckpt.save(folder / "slow-floats", floats, fsync=False)
    others = {name: value + 1 for name, value in floats.items()}
    fastckpt.save(folder / "slow-others", others, fsync=False)
    texts = {f"s{number:02}": [b"x" * 100] * 50 for number in range(60)}
    fastckpt.save(folder / "slow-texts", texts, fsync=False)
    # Read in one piece each, and so large that the interpreter lock is let go.
    pair = {name: values(1)[:PIECE] for name in "ab"}
    fastckpt.save(folder / "slow-pair", pair, fsync=False)
    data = folder / "slow-pair.data-00000-of-00001"
    damaged = bytearray(data.read_bytes())
    damaged[100] ^= 1
    damaged[PIECE + 100] ^= 1
    data.write_bytes(damaged)


def _open(folder: Path, name: str = "slow-model", threads: int = 1):
    import fastckpt

    return fastckpt.open(folder / name, io="read", threads=threads)


def _out() -> dict[str, np.ndarray]:
    return {f"w{number:02}": np.empty(SIZE, np.uint8) for number in range(COUNT)}


def _target(folder: Path) -> Path:
    return folder / "out" / f"slow-{os.getpid()}"


def _tensors() -> dict[str, np.ndarray]:
    return {f"w{number:02}": values(number) for number in range(COUNT)}


def _save(folder: Path, **options: object) -> None:
    import fastckpt

    fastckpt.save(_target(folder), _tensors(), fsync=False, threads=1, **options)


def _merge(folder: Path) -> None:
    import fastckpt

    source = folder / "slow-model"
    fastckpt.merge([source], _target(folder), shards=2, fsync=False, threads=1)


def _rewrite(folder: Path) -> None:
    import fastckpt

    source = folder / "slow-model"
    fastckpt.rewrite(source, _target(folder), fsync=False, threads=1)


def _convert(folder: Path, **options: object) -> None:
    from fastckpt.editing.convert import convert

    convert(folder / "slow-model", _target(folder), fsync=False, threads=1, **options)


def _average(folder: Path) -> None:
    from fastckpt.editing.average import average

    sources = [folder / "slow-floats", folder / "slow-others"]
    average(sources, _target(folder), fsync=False, threads=1)


def _strip(folder: Path) -> None:
    import fastckpt

    target = _target(folder)
    fastckpt.strip(folder / "slow-model", target, fsync=False, threads=1)


def _diff(folder: Path) -> None:
    import fastckpt

    with (
        _open(folder, "slow-floats") as one,
        _open(folder, "slow-others") as two,
    ):
        fastckpt.diff(one, two, threads=1)


def _statistics(folder: Path, threads: int = 1) -> None:
    import fastckpt

    with _open(folder) as ckpt:
        fastckpt.statistics(ckpt, threads=threads)


def _examine(folder: Path) -> None:
    import fastckpt

    fastckpt.examine(folder / "slow-model", values=True, threads=1)


def _iterate(folder: Path) -> None:
    ckpt = _open(folder)
    for name in ckpt:
        ckpt[name]


CALLS: dict[str, Call] = {
    "load": lambda folder: _open(folder).load(),
    "load copies": lambda folder: _open(folder).load(copy=True),
    "load into": lambda folder: _open(folder).load(out=_out()),
    "read_many": lambda folder: _open(folder).read_many(
        [(name, None, None) for name in _out()]
    ),
    "verify": lambda folder: _open(folder).verify(),
    "iterate": _iterate,
    "load v1": lambda folder: _open(folder, "slow-v1").load(),
    "verify v1": lambda folder: _open(folder, "slow-v1").verify(),
    "strings": lambda folder: _open(folder, "slow-texts").load(),
    "threads": lambda folder: _open(folder, threads=3).load(copy=True),
    "save": _save,
    "save shards": lambda folder: _save(folder, shards=2),
    "merge": _merge,
    "rewrite": _rewrite,
    "convert v1": lambda folder: _convert(folder, format="v1"),
    "convert npz": lambda folder: _convert(folder, format="npz"),
    "average": _average,
    "strip": _strip,
    "diff": _diff,
    "statistics": _statistics,
    "statistics threads": lambda folder: _statistics(folder, threads=3),
    "examine": _examine,
}


class Handled(Exception):
    """What a handler raises."""


def _signal_after(calls: int) -> threading.Thread:
    """Sends SIGINT to this process once so many slow calls were made."""

    def send() -> None:
        while _calls.slow_calls() < calls:
            time.sleep(0.005)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    return thread


def _set_slow(seconds: float) -> None:
    _calls.slow_set(int(seconds * 1e6))


def _count(work: Callable[[], object]) -> int:
    """Gives how many slow calls there were until `work` ended."""
    _set_slow(1e-6)
    try:
        work()
    finally:
        count = int(_calls.slow_calls())
        _set_slow(0)
    return count


def _empty_out(folder: Path) -> None:
    (folder / "out").mkdir(exist_ok=True)
    for name in os.listdir(folder / "out"):
        os.unlink(folder / "out" / name)


def _check_interrupted(folder: Path, call: str, expected: type[BaseException]) -> None:
    whole = _count(lambda: CALLS[call](folder))
    assert whole >= 12, f"{call} makes {whole} slow calls only"
    _empty_out(folder)
    made = []

    def interrupted() -> None:
        _set_slow(PAUSE)
        _signal_after(2)
        try:
            CALLS[call](folder)
        finally:
            made.append(int(_calls.slow_calls()))
            _set_slow(0)

    try:
        interrupted()
    except expected:
        assert made[0] < whole - 3, f"{made} of {whole} slow calls before the end"
        assert os.listdir(folder / "out") == []
    else:
        raise AssertionError("the call was not interrupted")


def interrupt(folder: Path, call: str) -> None:
    """Ctrl-C ends a call with KeyboardInterrupt before it is done."""
    _check_interrupted(folder, call, KeyboardInterrupt)


def interrupt_after_import_elsewhere(folder: Path, call: str) -> None:
    """The same where another thread was the first to import the package."""
    assert "fastckpt" not in sys.modules
    thread = threading.Thread(target=__import__, args=("fastckpt",))
    thread.start()
    thread.join()
    _check_interrupted(folder, call, KeyboardInterrupt)


def raise_another(folder: Path, call: str) -> None:
    """What a handler of the user's raises is what the call ends with."""

    def handler(number: int, frame: FrameType | None) -> None:
        raise Handled

    signal.signal(signal.SIGINT, handler)
    _check_interrupted(folder, call, Handled)


def go_on(folder: Path, call: str) -> None:
    """After a handler that returns, and that reads by itself, the call goes on."""
    expected = {name: value.tobytes() for name, value in _tensors().items()}
    ckpt = _open(folder)
    seen = []

    def handler(number: int, frame: FrameType | None) -> None:
        _set_slow(0)
        seen.append(ckpt["w03"].tobytes())
        assert ckpt.verify().ok

    signal.signal(signal.SIGINT, handler)
    _set_slow(PAUSE)
    _signal_after(2)
    loaded = getattr(ckpt, call)()
    if call == "load":
        assert {n: value.tobytes() for n, value in loaded.items()} == expected
    else:
        assert loaded.ok
    assert seen == [expected["w03"]]


def coincide(folder: Path, call: str) -> None:
    """An error at the same time: the interrupt wins, the error is its context."""
    from fastckpt import CorruptionError

    ckpt = _open(folder, "slow-pair", threads=2)
    _set_slow(0.4)
    _signal_after(1)
    try:
        ckpt.load(copy=True) if call == "load" else ckpt["a"]
    except KeyboardInterrupt as interrupt:
        context = interrupt.__context__
    assert isinstance(context, CorruptionError), context


def elsewhere(folder: Path, call: str) -> None:
    """While another thread is in a call the main thread gets its Ctrl-C."""
    done = threading.Event()

    def work() -> None:
        CALLS[call](folder)
        done.set()

    _set_slow(PAUSE)
    thread = threading.Thread(target=work)
    thread.start()
    try:
        _signal_after(2)
        time.sleep(60)
    except KeyboardInterrupt:
        assert not done.is_set()
    else:
        raise AssertionError("the main thread was not interrupted")
    _set_slow(0)
    thread.join()
    assert done.is_set()


def abort_in_handler(folder: Path, call: str) -> None:
    """A handler that aborts the writer ends the call; adding to it is refused."""
    import fastckpt

    _empty_out(folder)
    writer = fastckpt.Writer(_target(folder), threads=1, fsync=call == "fsync")
    refused = []

    def handler(number: int, frame: FrameType | None) -> None:
        _set_slow(0)
        try:
            writer.add("inner", np.arange(3))
        except ValueError as error:
            refused.append(str(error))
        writer.__exit__(ValueError, None, None)

    signal.signal(signal.SIGINT, handler)
    _set_slow(PAUSE)
    _signal_after(2)
    try:
        writer.add("w", np.zeros((400, 1 << 20), np.uint8))
    except ValueError as error:
        refused.append(str(error))
    assert "aborted in the middle of this call" in refused[1]
    assert "in the middle of a call" in refused[0]
    assert os.listdir(folder / "out") == []


if __name__ == "__main__":
    faulthandler.dump_traceback_later(100, exit=True)
    globals()[sys.argv[1]](Path(sys.argv[2]), sys.argv[3])
