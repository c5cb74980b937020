"""What `test_swaps.py` runs with `faults.c` preloaded: saves between two calls.

Each function makes a reader find, at the very moment at which it opens a file, that
a save has moved it. The reader must give old values, or new ones, or an error.
"""

from __future__ import annotations

import ctypes
import os
import pickle
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

import fastckpt
from aside_states import MARK, NEW, OLD, is_same, set_aside

_calls = ctypes.CDLL(None)
_Hook = ctypes.CFUNCTYPE(None)
_kept: list[object] = []

DATA = "m.data-00000-of-00001"
INDEX = "m.index"


def before_open(ending: str, call: Callable[[], None], *, stat: bool = False) -> None:
    """Has a function called once, before a file is opened whose path ends so.

    With `stat` before the next look at it instead.
    """
    hook = _Hook(call)
    _kept.append(hook)
    _calls.fault_before(int(stat), ending.encode(), hook)


class Folder:
    """A folder with OLD under "m" and NEW under "new"."""

    def __init__(self, path: Path, **options: str) -> None:
        self.path = path
        self.options = options
        fastckpt.save(path / "m", OLD)
        fastckpt.save(path / "new", NEW)

    def place_new_data(self) -> None:
        os.replace(self.path / f"new{DATA[1:]}", self.path / DATA)

    def swap(self) -> None:
        """A whole save: NEW is in OLD's place."""
        self.place_new_data()
        os.replace(self.path / "new.index", self.path / INDEX)

    def set_aside(self) -> None:
        set_aside(self.path, INDEX)
        set_aside(self.path, DATA)

    def put_back(self) -> None:
        for name in (DATA, INDEX):
            os.replace(self.path / f"{name}{MARK}", self.path / name)

    def half_swap(self) -> None:
        """A save that is killed before its index is there."""
        self.set_aside()
        self.place_new_data()

    def open(self) -> fastckpt.Checkpoint:
        return fastckpt.open(self.path / "m", verify=False, io=self.options["io"])


def expect_replaced(ckpt: fastckpt.Checkpoint) -> None:
    with pytest.raises(fastckpt.CorruptionError, match="the index was replaced"):
        ckpt.load(copy=True)


def swap_before_the_shard(folder: Folder) -> None:
    ckpt = folder.open()
    before_open(DATA, folder.swap)
    expect_replaced(ckpt)


def swap_before_the_shard_of_an_unpickled_one(folder: Folder) -> None:
    ckpt = pickle.loads(pickle.dumps(folder.open()))
    before_open(DATA, folder.swap)
    expect_replaced(ckpt)


def half_swap_before_the_shard(folder: Folder) -> None:
    ckpt = folder.open()
    before_open(DATA, folder.half_swap)
    assert is_same(ckpt.load(copy=True), OLD)


def swap_and_back_before_the_shard_is_checked(folder: Folder) -> None:
    """The index is the same before and after; the file that was opened is not."""
    ckpt = folder.open()

    def swap_and_plan_the_way_back() -> None:
        folder.half_swap()
        before_open(INDEX, folder.put_back, stat=True)

    before_open(DATA, swap_and_plan_the_way_back)
    assert is_same(ckpt.load(copy=True), OLD)


def set_aside_behind_its_index(folder: Folder) -> None:
    """Only the index was aside; its shard follows when it is about to be opened."""
    set_aside(folder.path, INDEX)
    ckpt = folder.open()

    def move() -> None:
        set_aside(folder.path, DATA)
        folder.place_new_data()

    before_open(DATA, move)
    assert is_same(ckpt.load(copy=True), OLD)


def swept_while_the_shard_is_checked(folder: Folder) -> None:
    """The save ends, and its checkpoint's index is removed, between two looks.

    The data that were opened are the new ones, still under their name, and no data
    lie aside: that the index aside is no more shows when it is looked at last.
    """
    ckpt, finish = _opened_before_its_shard_moves(folder)

    def sweep_and_remove() -> None:
        finish()
        for name in (f"{INDEX}{MARK}", f"{DATA}{MARK}"):
            os.unlink(folder.path / name)
        before_open(INDEX, lambda: os.unlink(folder.path / INDEX), stat=True)

    _calls_after_the_shard(folder, sweep_and_remove)
    with pytest.raises((fastckpt.CorruptionError, FileNotFoundError)):
        ckpt.load(copy=True)


def data_swept_before_their_index(folder: Folder) -> None:
    """As fastckpt 0.1 could: the index that is left aside stands for nothing."""
    ckpt, finish = _opened_before_its_shard_moves(folder)

    def sweep() -> None:
        finish()
        os.unlink(folder.path / f"{DATA}{MARK}")

    _calls_after_the_shard(folder, sweep)
    expect_busy(lambda: ckpt.load(copy=True))


def _opened_before_its_shard_moves(
    folder: Folder,
) -> tuple[fastckpt.Checkpoint, Callable[[], None]]:
    """Gives a checkpoint whose index alone lies aside, and what puts a new one."""
    set_aside(folder.path, INDEX)

    def finish() -> None:
        os.replace(folder.path / "new.index", folder.path / INDEX)

    return folder.open(), finish


def _calls_after_the_shard(folder: Folder, call: Callable[[], None]) -> None:
    """Has new data opened in place of the shard, and a function called thereafter."""

    def move() -> None:
        set_aside(folder.path, DATA)
        folder.place_new_data()
        before_open(DATA + MARK, call, stat=True)

    before_open(DATA, move)


def put_back_before_the_shard(folder: Folder) -> None:
    folder.half_swap()
    ckpt = folder.open()
    before_open(DATA + MARK, folder.put_back)
    assert is_same(ckpt.load(copy=True), OLD)


def set_aside_before_the_index(folder: Folder) -> None:
    before_open(INDEX, folder.half_swap)
    assert is_same(folder.open().load(copy=True), OLD)


def put_back_before_the_index(folder: Folder) -> None:
    folder.half_swap()
    before_open(INDEX + MARK, folder.put_back)
    assert is_same(folder.open().load(copy=True), OLD)


def shard_that_moves_each_time(folder: Folder) -> None:
    ckpt = folder.open()

    def move() -> None:
        folder.set_aside()
        before_open(DATA + MARK, back)

    def back() -> None:
        folder.put_back()
        before_open(DATA, move)

    before_open(DATA, move)
    expect_busy(lambda: ckpt["w"])


def index_that_moves_each_time(folder: Folder) -> None:
    def move() -> None:
        folder.set_aside()
        before_open(INDEX + MARK, back)

    def back() -> None:
        folder.put_back()
        before_open(INDEX, move)

    before_open(INDEX, move)
    expect_busy(folder.open)


def expect_busy(work: Callable[[], object]) -> None:
    with pytest.raises(OSError, match="moved it each of the 4 times") as caught:
        work()
    assert type(caught.value) is OSError


def v1_shards(folder: Folder) -> None:
    """All shards are of one moment, though none of them is set aside."""
    halves = [["w"], ["b", "s"]]
    names = [f"v-{number:05d}-of-00002" for number in range(2)]
    for contents, stem in ((OLD, ""), (NEW, "new-")):
        for name, half in zip(names, halves, strict=True):
            chosen = {key: contents[key] for key in half}
            fastckpt.save(folder.path / f"{stem}{name}", chosen, format="v1")

    def swap() -> None:
        for name in names:
            os.replace(folder.path / f"new-{name}", folder.path / name)

    before_open(names[1], swap)
    path = folder.path / "v"
    ckpt = fastckpt.open(path, verify=False, io=folder.options["io"])
    assert is_same(ckpt.load(copy=True), NEW)


if __name__ == "__main__":
    warnings.simplefilter("ignore", RuntimeWarning)
    globals()[sys.argv[1]](Folder(Path(sys.argv[2]), io=sys.argv[3]))
