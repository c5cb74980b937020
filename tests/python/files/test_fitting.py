"""Patterns of V1 files: all that fit are one checkpoint, as TensorFlow opens them."""

from __future__ import annotations

import os
import pickle

import numpy as np
import pytest

import fastckpt
from command_line import run
from fastckpt.files.resolve import resolve
from fastckpt.files.state_file import checkpoint_exists
from v1_parts import names, save, save_slice, save_two


@pytest.fixture
def folder(tmp_path):
    save_two(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("m-*", ["x", "y", "z"]),
        ("m*", ["x", "y", "z"]),
        ("m-?", ["x", "y", "z"]),
        ("m-[12]", ["x", "y", "z"]),
        ("m-[!1]", ["z"]),
        ("?-1", ["x", "y"]),
    ],
)
def test_all_that_fit_are_one_checkpoint(pattern, expected, folder):
    with fastckpt.open(folder / pattern) as ckpt:
        assert list(ckpt) == expected
        assert ckpt.format == "v1"
        assert ckpt.verify().ok
        again = pickle.loads(pickle.dumps(ckpt))
    assert list(again) == expected
    assert float(again[expected[-1]]) == (2 if expected[-1] == "y" else 3)


def test_a_relative_pattern_means_the_folder_one_is_in(folder, monkeypatch):
    monkeypatch.chdir(folder)
    assert names("m-*") == ["x", "y", "z"]
    assert resolve("m-*").files == ["m-1", "m-2"]


def test_folders_may_be_patterns_too(folder):
    save(folder / "run1/c-1", a=1)
    save(folder / "run2/c-1", b=1)
    save(folder / "run[12]/c-2", c=1)
    assert names(folder / "run?/c-*") == ["a", "b"]
    assert names(folder / "run[12]/c-*") == ["c"]  # which is there by that name


def test_slices_of_one_tensor_may_lie_in_several_files(tmp_path):
    save_slice(tmp_path / "m-a", 0, 2)
    save_slice(tmp_path / "m-b", 2, 4)
    assert fastckpt.load(tmp_path / "m-*")["p"].tolist() == [0, 1, 2, 3]


def test_two_whole_tensors_of_one_name_name_both_files(folder):
    save(folder / "m-3", x=5, w=1)
    with fastckpt.open(folder / "m-*") as ckpt:
        assert float(ckpt["w"]) == 1
        for read in (lambda: ckpt["x"], lambda: ckpt.read("x"), ckpt.load):
            with pytest.raises(fastckpt.CorruptionError, match=r"m-1.*m-3.*overlap"):
                read()
        assert "overlap" in ckpt.info("x").problem
        assert not ckpt.verify().ok


def test_slices_that_overlap_name_both_files(tmp_path):
    save_slice(tmp_path / "m-a", 0, 3)
    save_slice(tmp_path / "m-b", 2, 4)
    with pytest.raises(fastckpt.CorruptionError, match=r"m-a.*m-b.*overlap"):
        fastckpt.load(tmp_path / "m-*")


def test_files_that_disagree_on_a_tensor_are_both_named(folder):
    save(folder / "m-3", x=[1, 2])
    with pytest.raises(fastckpt.CorruptionError, match=r"m-3.*'x'.*disagree.*m-1"):
        fastckpt.open(folder / "m-*")


@pytest.mark.parametrize("content", [b"", b"some text" * 30])
def test_a_file_that_fits_and_is_none_is_named(content, folder):
    (folder / "m-log").write_bytes(content)
    with pytest.raises(fastckpt.CorruptionError, match=r"m-log.*it fits '.*m-\*'"):
        fastckpt.open(folder / "m-*")


def test_a_v2_index_that_fits_is_named(folder):
    fastckpt.save(folder / "v2", {"a": np.zeros(1)})
    os.replace(folder / "v2.index", folder / "m-3")
    with pytest.raises(fastckpt.CorruptionError, match=r"m-3' is a V2 index"):
        fastckpt.open(folder / "m-*")


@pytest.mark.parametrize(
    "name", ["m-1.meta", "m-1.tempstate123", "m-3.fastckpt-0123abcd.tmp"]
)
def test_what_lies_beside_v1_files_does_not_count(name, folder):
    (folder / name).write_bytes(b"a graph, or half a file" * 9)
    (folder / "m-folder").mkdir()
    fastckpt.save(folder / "m-v2", {"other": np.zeros(2)})
    assert names(folder / "m-*") == ["x", "y", "z"]


def test_a_name_that_is_there_is_a_name(folder):
    save(folder / "m-[12]", own=1)
    assert names(folder / "m-[12]") == ["own"]


def test_a_set_that_fits_is_that_set(tmp_path):
    for i in range(2):
        save(tmp_path / f"s-0000{i}-of-00002", **{f"x{i}": i})
    for pattern in ("s-*", "s*", "s-0000[01]-of-*", "s-?????-of-00002"):
        found = resolve(tmp_path / pattern)
        assert os.path.basename(found.prefix) == "s-?????-of-00002"
    assert names(tmp_path / "s-00000-of-*2") == ["x0"]  # which alone fits


def test_sets_beside_each_other_are_one_checkpoint(folder):
    for stem in ("m-a", "m-b"):
        for i in range(2):
            save(folder / f"{stem}-0000{i}-of-00002", **{f"{stem}{i}": i})
    assert names(folder / "m-*") == ["m-a0", "m-a1", "m-b0", "m-b1", "x", "y", "z"]


def test_a_shard_that_would_fit_and_is_missing_is_named(tmp_path):
    save(tmp_path / "s-00000-of-00003", x=1)
    save(tmp_path / "s-00002-of-00003", y=1)
    save(tmp_path / "s-one", z=1)
    with pytest.raises(FileNotFoundError) as caught:
        fastckpt.open(tmp_path / "s-*")
    assert caught.value.filename.endswith("s-00001-of-00003")
    assert names(tmp_path / "s-0000[02]-of-*") == ["x", "y"]


def test_a_count_without_bounds_takes_no_time(tmp_path):
    save(tmp_path / f"s-00000-of-{10**30}", x=1)
    save(tmp_path / "s-00000-of-00002", y=1)
    assert names(tmp_path / "s-00000-of-*") == ["x", "y"]


@pytest.mark.parametrize("pattern", ["none-*", "[", "m-\\*", "*/m-1", "m-{1}", "**/x"])
def test_what_nothing_fits_is_not_found(pattern, folder):
    with pytest.raises(FileNotFoundError):
        fastckpt.open(folder / pattern)
    assert not checkpoint_exists(folder / pattern)


def test_a_pattern_that_fits_exists(folder):
    assert checkpoint_exists(folder / "m-*")


def test_commands_take_patterns(folder, capsys):
    assert run(capsys, "verify", folder / "m-*").status == 0
    assert "3 tensors" in run(capsys, "ls", folder / "m-*").out
    done = run(capsys, "convert", folder / "m-*", folder / "whole", "--format", "v1")
    assert done.status == 0
    assert names(folder / "whole") == ["x", "y", "z"]
