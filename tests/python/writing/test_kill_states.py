"""The table of docs/writing.md: what a killed save leaves, row by row."""

from __future__ import annotations

import os
import shutil
import sys
import warnings
from pathlib import Path

import pytest

import children
import fastckpt
from aside_states import MARK, NEW, OLD, data_names, is_same, kill_points
from places import TESTS

OLDER = ".fastckpt-00000000"
SHARDS = 2


def copied(source: Path, target: Path) -> Path:
    return Path(shutil.copytree(source, target))


def save_with_writing(folder: Path) -> Path:
    """The old checkpoint, and what was being written."""
    fastckpt.save(folder / "m", OLD, shards=SHARDS)
    for name in [f"m.index{OLDER}.tmp", f"m.data-00000-of-00002{OLDER}.tmp"]:
        (folder / name).write_bytes(b"")
    return folder


def new_beside_aside(before: Path, folder: Path) -> Path:
    """The new checkpoint in place and all of the old one aside."""
    copied(before, folder)
    (folder / "m.index.fastckpt-0123abcd.tmp").rename(folder / "m.index")
    return folder


def states(folder: Path) -> dict[str, tuple[Path, str]]:
    """Gives for each row a folder, and what is under the prefix."""
    rows: dict[str, tuple[Path, str]] = {}
    rows["writing"] = save_with_writing(folder / "writing"), "old"
    locked = copied(rows["writing"][0], folder / "locked")
    (locked / "m.fastckpt-lock").touch()
    rows["with the lock"] = locked, "old"
    points = list(kill_points(folder / "points", SHARDS, SHARDS))
    names = [
        *("index aside", "between data", "data aside"),
        *("between new data", "before the index"),
        *("putting back", "put back but the index"),
    ]
    assert len(points) == len(names)
    for name, point in zip(names, points, strict=True):
        rows[name] = point, "aside"
    last = new_beside_aside(rows["before the index"][0], folder / "new")
    rows["new index"] = last, "new"
    forgotten = copied(last, folder / "forgotten")
    (forgotten / f"m.index{MARK}").unlink()
    rows["index removed"] = forgotten, "new"
    swept = copied(forgotten, folder / "swept")
    (swept / f"{data_names(swept)[0]}{MARK}").unlink()
    (swept / f"m.index{OLDER}.tmp").write_bytes(b"")
    rows["sweeping"] = swept, "new"
    return rows


@pytest.fixture(scope="module")
def rows(tmp_path_factory) -> dict[str, tuple[Path, str]]:
    return states(tmp_path_factory.mktemp("rows"))


def test_open_finds_what_the_table_says(rows):
    for row, (folder, expected) in rows.items():
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            assert fastckpt.checkpoint_exists(folder / "m"), row
            with fastckpt.open(folder / "m") as ckpt:
                wanted = NEW if expected == "new" else OLD
                assert is_same(ckpt.load(copy=True), wanted), row
        assert bool(caught) == (expected == "aside"), row


@pytest.mark.parametrize("shards", [1, SHARDS])
def test_the_next_save_leaves_itself_alone(rows, tmp_path, shards):
    for number, (row, (folder, _)) in enumerate(rows.items()):
        copy = copied(folder, tmp_path / str(number))
        fastckpt.save(copy / "m", NEW, shards=shards)
        assert len(os.listdir(copy)) == 1 + shards, (row, os.listdir(copy))


def test_removal_leaves_nothing(rows, tmp_path):
    for number, (row, (folder, _)) in enumerate(rows.items()):
        copy = copied(folder, tmp_path / str(number))
        fastckpt.remove_checkpoint(copy / "m")
        assert os.listdir(copy) == [], row


@pytest.mark.tensorflow
def test_tensorflow_finds_what_the_table_says(rows):
    folders = [str(folder) for folder, _ in rows.values()]
    done = children.run(
        [sys.executable, TESTS / "kill_states_child.py", *folders],
        env=os.environ | {"CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    values = {"old": str(OLD["w"][0]), "new": str(NEW["w"][0]), "aside": "none"}
    found = dict(zip(rows, done.stdout.split(), strict=True))
    assert found == {row: values[expected] for row, (_, expected) in rows.items()}
