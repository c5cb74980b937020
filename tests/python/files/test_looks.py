"""Looks at what saves move meanwhile, step by step: the pauses are what moves it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import fastckpt
from aside_states import MARK
from fastckpt.files import aside, find

INDEX = "m.index"


@pytest.fixture
def prefix(tmp_path) -> str:
    fastckpt.save(tmp_path / "m", {"w": np.ones(3, np.float32)})
    return str(tmp_path / "m")


@pytest.fixture
def pauses(monkeypatch) -> Callable[[Callable[[], None]], list[float]]:
    """Does something at each pause instead of sleeping; gives the pauses."""

    def act(step: Callable[[], None]) -> list[float]:
        seen: list[float] = []

        def pause(seconds: float) -> None:
            seen.append(seconds)
            step()

        monkeypatch.setattr(find, "sleep", pause)
        monkeypatch.setattr(aside, "sleep", pause)
        return seen

    return act


def nothing() -> None:
    pass


def move(folder: Path, old: str, new: str) -> None:
    (folder / old).rename(folder / new)


def toggle(folder: Path) -> Callable[[], None]:
    """Gives what moves the index aside, and back at the next call."""
    names = [INDEX, INDEX + MARK]

    def step() -> None:
        move(folder, *names)
        names.reverse()

    return step


def test_one_look_is_enough_where_nothing_is(tmp_path, pauses):
    seen = pauses(nothing)
    assert len(list(find.looks(str(tmp_path / "gone")))) == 1
    assert seen == []


def test_names_that_stay_are_looked_at_twice(prefix, pauses):
    seen = pauses(nothing)
    assert len(list(find.looks(prefix))) == 2
    assert seen == [find.PAUSES[0]]


def test_names_that_change_are_looked_at_again_until_they_stay(
    tmp_path, prefix, pauses
):
    steps = iter([toggle(tmp_path), nothing])
    seen = pauses(lambda: next(steps)())
    assert len(list(find.looks(prefix))) == 3
    assert seen == list(find.PAUSES[:2])


def test_the_same_names_of_other_files_have_changed(tmp_path, prefix, pauses):
    def replace() -> None:
        copy = tmp_path / "copy"
        copy.write_bytes((tmp_path / INDEX).read_bytes())
        copy.rename(tmp_path / INDEX)

    seen = pauses(replace)
    with pytest.raises(OSError, match="each of the 4 times"):
        list(find.looks(prefix))
    assert seen == list(find.PAUSES)


@pytest.mark.parametrize("ask", [find.find, find.exists])
def test_what_each_look_misses_is_found_by_the_next(tmp_path, prefix, monkeypatch, ask):
    """The index is aside while one looks for it, and back before the folder is read."""
    monkeypatch.setattr(find, "sleep", lambda seconds: None)
    move(tmp_path, INDEX, INDEX + MARK)
    real = find.find_listed
    missed = []

    def miss_once(prefix: str) -> find.Resolved | None:
        if missed:
            return real(prefix)
        missed.append(prefix)
        move(tmp_path, INDEX + MARK, INDEX)
        return None

    monkeypatch.setattr(find, "find_listed", miss_once)
    assert ask(prefix)
    assert missed == [prefix]


def test_what_is_moved_at_each_look_is_there_and_cannot_be_found(
    tmp_path, prefix, monkeypatch, pauses
):
    pauses(toggle(tmp_path))
    monkeypatch.setattr(find, "_has_index", lambda prefix: False)
    monkeypatch.setattr(find, "find_listed", lambda prefix: None)
    with pytest.raises(OSError, match="each of the 4 times"):
        find.find(prefix)


def opened(path: str) -> bytes:
    return Path(path).read_bytes()


@pytest.mark.parametrize("again", [aside.open_again, None])
def test_what_vanished_before_it_was_opened_is_looked_for_again(
    tmp_path, prefix, pauses, again
):
    step = toggle(tmp_path)
    step()
    pauses(nothing)
    finds = iter([INDEX, INDEX + MARK])  # the first is out of date
    arguments = (lambda: str(tmp_path / next(finds)), opened)
    if again is None:
        assert aside.open_where_found(*arguments)
    else:
        assert again(prefix, *arguments)


def test_what_vanishes_each_time_is_told_as_moved(tmp_path, prefix, pauses):
    seen = pauses(nothing)
    with pytest.raises(OSError, match="each of the 4 times"):
        aside.open_where_found(lambda: str(tmp_path / "gone"), opened)
    assert seen == list(find.PAUSES)


def test_what_is_nowhere_is_not_found_again(tmp_path, pauses):
    pauses(nothing)
    with pytest.raises(FileNotFoundError):
        aside.open_again(str(tmp_path / "m"), lambda: str(tmp_path / "m"), opened)


def test_what_another_checkpoint_has_replaced_is_told_as_such(tmp_path, prefix, pauses):
    seen = pauses(nothing)
    with pytest.raises(fastckpt.CorruptionError, match="was replaced since"):
        aside.open_again(prefix, lambda: str(tmp_path / "gone"), opened)
    assert seen[0] == find.PAUSES[0]
