"""Folders as saves that were killed leave them, made by renaming files."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import fastckpt

MARK = ".fastckpt-0123abcd.old"
OLD = {"w": np.arange(6.0), "b": np.arange(3), "s": np.array(b"old", object)}
NEW = {"w": np.arange(6.0) + 1, "b": np.arange(3) + 1, "s": np.array(b"new", object)}


def set_aside(folder: Path, name: str, mark: str = MARK) -> None:
    """Renames a file as a save does before it puts another in its place."""
    (folder / name).rename(folder / f"{name}{mark}")


def data_names(folder: Path, base: str = "m") -> list[str]:
    """The names of the data files of a prefix, in order."""
    return sorted(path.name for path in folder.glob(f"{base}.data-*-of-?????"))


def kill_points(folder: Path, old_shards: int, new_shards: int) -> Iterator[Path]:
    """Gives a copy of the folder for each step at which a save can be killed.

    The prefix is "m"; before it had OLD. From setting the index aside to the new
    index, and from there back to the old one as the next save does it.
    """
    start, new = folder / "start", folder / "new"
    fastckpt.save(start / "m", OLD, shards=old_shards)
    fastckpt.save(new / "m", NEW, shards=new_shards)
    old_names = data_names(start)
    set_aside(start, "m.index")
    shutil.copy(new / "m.index", start / "m.index.fastckpt-0123abcd.tmp")
    number = 0

    def snapshot() -> Path:
        nonlocal number
        number += 1
        return Path(shutil.copytree(start, folder / str(number)))

    yield snapshot()
    for name in old_names:
        set_aside(start, name)
        yield snapshot()
    for name in data_names(new):
        shutil.copy(new / name, start / name)
        yield snapshot()
    for name in old_names:
        (start / f"{name}{MARK}").replace(start / name)
        yield snapshot()


def killed(folder: Path, base: str = "m", **options: int | str) -> str:
    """Saves OLD and sets it aside, all of it; gives the prefix."""
    prefix = folder / base
    fastckpt.save(prefix, OLD, **options)
    for name in [base] if options.get("format") == "v1" else [f"{base}.index"]:
        set_aside(folder, name)
    for name in data_names(folder, base):
        set_aside(folder, name)
    return str(prefix)


def is_same(got: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> bool:
    """Tells whether these are the same names and values."""
    return sorted(got) == sorted(expected) and all(
        np.array_equal(got[name], expected[name]) for name in expected
    )
