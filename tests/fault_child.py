"""What `test_durability.py` runs with `faults.c` preloaded; see `main`.

Each scenario saves over a checkpoint, beside a neighbour and a state file. A fault
strikes one system call after the other; after each, the folder must hold what it
promises: the neighbour, the state file, and the old checkpoint or the new one.
"""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import fastckpt
from fastckpt.files.replace import replace_file, write_beside

WRITE, FSYNC, RENAME, UNLINK, CREATE, LINK, FLOCK = 1, 2, 4, 8, 16, 32, 64
EVERY = WRITE | FSYNC | RENAME | UNLINK | CREATE | LINK
ONCE, STICKY, KILL, SHORT = range(4)

_calls = ctypes.CDLL(None)
_calls.fault_log.restype = ctypes.c_char_p
_calls.fault_hits.restype = ctypes.c_long
_calls.fault_arm.argtypes = [ctypes.c_int, ctypes.c_long, ctypes.c_int, ctypes.c_int]

Contents = dict[str, np.ndarray]
OLD: Contents = {
    "w": np.arange(90_000.0),
    "old": np.arange(3),
    "s": np.array(b"old", object),
}
NEW: Contents = {"w": np.arange(90_000.0) + 1, "new": np.arange(5)}
NEIGHBOURS: Contents = {"w": np.arange(7)}

Scenario = tuple[Callable[[Path], None], Callable[[Path], None]]


def _save(contents: Contents, **options: object) -> Callable[[Path], None]:
    return lambda folder: fastckpt.save(folder / "m", contents, **options)


def _merge(folder: Path) -> None:
    fastckpt.merge([folder / "part0", folder / "part1"], folder / "m")


def _save_with_parts(folder: Path) -> None:
    fastckpt.save(folder / "m", OLD)
    for number, name in enumerate(NEW):
        fastckpt.save(folder / f"part{number}", {name: NEW[name]})


# What is there before, and what then is done.
SCENARIOS: dict[str, Scenario] = {
    "fresh": (lambda folder: None, _save(NEW)),
    "same_count": (_save(OLD), _save(NEW)),
    "more_shards": (_save(OLD), _save(NEW, shards=3)),
    "fewer_shards": (_save(OLD, shards=3), _save(NEW)),
    "no_fsync": (_save(OLD), _save(NEW, fsync=False)),
    "v1": (_save(OLD, format="v1"), _save(NEW, format="v1")),
    "v1_over_v2": (_save(OLD), _save(NEW, format="v1")),
    "merge": (_save_with_parts, _merge),
}


class Place:
    """A folder with an old checkpoint, a neighbour and a state file."""

    def __init__(self, folder: Path, scenario: str) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.folder = folder
        prepare, self.act = SCENARIOS[scenario]
        (folder / "checkpoint").write_text('model_checkpoint_path: "neighbour"\n')
        fastckpt.save(folder / "neighbour", NEIGHBOURS)
        prepare(folder)
        self.before = self.names()
        self.has_old = scenario != "fresh"

    def names(self) -> list[str]:
        return sorted(os.listdir(self.folder))

    def litter(self) -> list[str]:
        return [name for name in self.names() if ".fastckpt-" in name]

    def read(self, name: str) -> Contents | None:
        """Gives what is there, every byte checked; None where nothing is."""
        try:
            with fastckpt.open(self.folder / name) as ckpt:
                assert ckpt.verify().ok
                return ckpt.load(copy=True)
        except FileNotFoundError:
            return None

    def check_others(self) -> None:
        assert _equal(self.read("neighbour"), NEIGHBOURS)
        assert "neighbour" in (self.folder / "checkpoint").read_text()

    def is_old(self) -> bool:
        kept = _equal(self.read("m"), OLD) if self.has_old else True
        return kept and self.names() == self.before

    def is_new(self) -> bool:
        return _equal(self.read("m"), NEW)

    def check_nothing_lost(self) -> None:
        """The old checkpoint or the new one is there, maybe as it lies aside."""
        got = self.read("m")
        if got is None:
            assert not self.has_old, self.names()
            return
        assert _equal(got, OLD) or _equal(got, NEW), self.names()

    def check_removal_leaves_nothing(self) -> None:
        """Looks at it in a copy, so that no save has tidied up before."""
        copy = self.folder.with_name("copy")
        shutil.copytree(self.folder, copy)
        for format in ("v2", "v1"):
            fastckpt.remove_checkpoint(copy / "m", format)
        left = [name for name in os.listdir(copy) if name.split(".")[0] == "m"]
        assert left == [], left
        shutil.rmtree(copy)

    def check_next_save_tidies(self) -> None:
        fastckpt.save(self.folder / "m", NEIGHBOURS)
        assert _equal(self.read("m"), NEIGHBOURS)
        assert not self.litter(), self.names()
        data = [name for name in self.names() if name.startswith("m.data-")]
        assert data == ["m.data-00000-of-00001"], self.names()


def _equal(got: Contents | None, expected: Contents) -> bool:
    if got is None or sorted(got) != sorted(expected):
        return False
    return all(np.array_equal(got[name], expected[name]) for name in expected)


def _strike(place: Place, kinds: int, at: int, mode: int, code: int) -> OSError | None:
    _calls.fault_arm(kinds, at, mode, code)
    try:
        place.act(place.folder)
    except OSError as error:
        return error
    finally:
        _calls.fault_disarm()
    return None


def fail_each(folder: Path, scenario: str, kind: str) -> None:
    """One call of a kind fails: the old checkpoint is there again, and no litter."""
    code = {WRITE: errno.ENOSPC}.get(globals()[kind], errno.EIO)
    for at in range(1, 1000):
        place = Place(folder / str(at), scenario)
        error = _strike(place, globals()[kind], at, ONCE, code)
        if _calls.fault_hits() == 0:
            assert error is None
            assert place.is_new()
            assert at > 1
            return
        place.check_others()
        if error is None:  # it was not needed: a link, or the removal of litter
            assert globals()[kind] in (LINK, UNLINK)
            assert place.is_new()
        else:
            assert error.errno == code, error
            assert error.filename, error
            last_flush = kind == "FSYNC" and place.is_new()
            assert place.is_old() or last_flush, (at, place.names())
        place.check_next_save_tidies()
    raise AssertionError("the faults have no end")


def fail_from_each(folder: Path, scenario: str) -> None:
    """From some call on all fail: nothing is lost, at worst it lies beside."""
    for at in range(1, 1000):
        place = Place(folder / str(at), scenario)
        _strike(place, EVERY & ~LINK, at, STICKY, errno.ENOSPC)
        if _calls.fault_hits() == 0:
            assert place.is_new()
            return
        place.check_others()
        place.check_nothing_lost()
        place.check_next_save_tidies()
    raise AssertionError("the faults have no end")


def die_at_each(folder: Path, scenario: str) -> None:
    """A kill before each call, in a process of its own."""
    for at in range(1, 1000):
        place = Place(folder / str(at), scenario)
        child = os.fork()
        if child == 0:
            _calls.fault_arm(EVERY, at, KILL, 0)
            place.act(place.folder)
            os._exit(0)
        status = os.waitpid(child, 0)[1]
        place.check_others()
        if status == 0:
            assert place.is_new()
            return
        assert os.WTERMSIG(status) == signal.SIGKILL
        place.check_nothing_lost()
        place.check_next_save_tidies()
    raise AssertionError("the kills have no end")


def die_at_random(folder: Path, count: str) -> None:
    """Kills at random moments, sometimes several before a save that ends."""
    generator = np.random.default_rng(11)
    place = Place(folder / "place", "more_shards")
    seen, is_tidy = set(), True
    for _ in range(int(count)):
        child = os.fork()
        if child == 0:
            while True:
                fastckpt.save(place.folder / "m", NEW, shards=3)
                fastckpt.save(place.folder / "m", OLD)
        time.sleep(generator.uniform(0.002, 0.05))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        place.check_others()
        got = place.read("m")
        seen.add(None if got is None else "old" in got)
        assert got is None or _equal(got, OLD) or _equal(got, NEW), place.names()
        if is_tidy:
            place.check_nothing_lost()
        is_tidy = bool(generator.integers(3))
        if is_tidy:
            fastckpt.save(place.folder / "m", OLD)
            assert not place.litter(), place.names()
    assert {True, False} <= seen, seen


def die_twice(folder: Path, scenario: str, step: str) -> None:
    """A kill, and another in the save that comes after it; then one that ends.

    The second kill moves on by a stride: all pairs would take long.
    """
    for at in range(1, 1000):
        place = Place(folder / str(at), scenario)
        if not _die_at(place, at):
            return
        _check_after_a_kill(place)
        _die_at(place, 1 + at * int(step) % 23)
        _check_after_a_kill(place)
        place.check_next_save_tidies()


def _check_after_a_kill(place: Place) -> None:
    place.check_others()
    place.check_nothing_lost()
    place.check_removal_leaves_nothing()


def _die_at(place: Place, at: int) -> bool:
    child = os.fork()
    if child == 0:
        _calls.fault_arm(EVERY, at, KILL, 0)
        place.act(place.folder)
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def without_locks(folder: Path, code: str) -> None:
    """Two live savers and two live files where `flock` is refused."""
    _calls.fault_arm(FLOCK, 1, STICKY, getattr(errno, code))
    first = fastckpt.Writer(folder / "m")
    first.add("w", OLD["w"])
    with write_beside(str(folder / "f"), fsync=False) as beside:
        fastckpt.save(folder / "m", NEW)
        replace_file(str(folder / "f"), b"quick")
        assert os.path.exists(beside)
        first.finish()
    _calls.fault_disarm()
    with fastckpt.open(folder / "m") as ckpt:
        np.testing.assert_array_equal(ckpt["w"], OLD["w"])
    assert sorted(os.listdir(folder)) == ["f", "m.data-00000-of-00001", "m.index"]


def write_short(folder: Path, scenario: str) -> None:
    """A write that takes a part only is continued."""
    for at in range(1, 4):
        place = Place(folder / str(at), scenario)
        assert _strike(place, WRITE, at, SHORT, 0) is None
        assert _calls.fault_hits() == 1
        assert place.is_new()


def log(folder: Path, scenario: str) -> None:
    """Prints the calls of a save in their order."""
    place = Place(folder, scenario)
    _calls.fault_arm(EVERY, 10**9, ONCE, 0)
    place.act(place.folder)
    print(_calls.fault_log().decode(), end="")


if __name__ == "__main__":
    globals()[sys.argv[1]](Path(sys.argv[2]), *sys.argv[3:])
