"""Edits that would write over one of several V1 shards."""

import numpy as np
import pytest

import fastckpt
from fastckpt.cli import main

TENSORS = {"a": np.ones(3), "b": np.arange(4.0)}
LAST = "m-00001-of-00002"
PATTERN = "m-?????-of-00002"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    fastckpt.save("m-00000-of-00002", TENSORS, format="v1")
    fastckpt.save(LAST, {"z": np.ones(2)}, format="v1")
    fastckpt.save("other", {"q": np.ones(2)}, format="v1")
    return tmp_path


def bytes_in(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


EDITS = {
    "rewrite": lambda to: fastckpt.rewrite(LAST, to, rename={"z": "y"}),
    "strip": lambda to: fastckpt.strip("m", to, drop=["a"]),
    "convert": lambda to: fastckpt.convert(PATTERN, to, format="v1"),
    "convert to v2": lambda to: fastckpt.convert(PATTERN, to, format="v2"),
    "convert to npz": lambda to: fastckpt.convert(LAST, to, format="npz"),
    "average": lambda to: fastckpt.average([LAST], to),
    "of another": lambda to: fastckpt.rewrite("other", to),
}


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("target", [LAST, f"../{{}}/{LAST}"])
def test_no_edit_writes_over_one_of_several_shards(edit, target, folder):
    before = bytes_in(folder)
    with pytest.raises(ValueError, match=r"another name|would be replaced"):
        EDITS[edit](target.format(folder.name))
    assert bytes_in(folder) == before


@pytest.mark.parametrize("edit", ["rewrite", "strip", "average"])
def test_no_edit_writes_a_file_that_is_named_like_a_pattern(edit, folder):
    before = bytes_in(folder)
    with pytest.raises(ValueError, match=r"another name|would be replaced"):
        EDITS[edit](PATTERN)
    assert bytes_in(folder) == before


def test_a_link_to_a_shard_is_that_shard(folder):
    (folder / "link").symlink_to(LAST)
    with pytest.raises(ValueError, match="V1 shards"):
        fastckpt.rewrite("m", "link")
    assert (folder / "link").is_symlink()


@pytest.mark.parametrize("target", ["s", "s-?????-of-00002", "s-00000-of-00002"])
def test_a_mean_takes_no_place_of_what_it_is_of(target, folder):
    for name in ("s", "u"):
        for shard in range(2):
            values = {f"w{shard}": np.ones(2)}
            fastckpt.save(f"{name}-0000{shard}-of-00002", values, format="v1")
    before = bytes_in(folder)
    with pytest.raises(ValueError, match=r"another target|another name"):
        fastckpt.average(["u", "s"], target)
    assert bytes_in(folder) == before


def test_merge_writes_over_no_shard(folder):
    fastckpt.save("v2", TENSORS)
    before = bytes_in(folder)
    with pytest.raises(ValueError, match="V1 shards"):
        fastckpt.merge(["v2"], LAST)
    assert bytes_in(folder) == before


def test_shards_are_written_one_by_one(folder, capsys):
    """What is reported is the file that was written, not the set that lies there."""
    assert main(["convert", "other", "n-00000-of-00002", "--format", "v1"]) == 0
    assert "wrote n-00000-of-00002 (v1): 1 tensor," in capsys.readouterr().out
    assert main(["convert", "m", "n-00001-of-00002", "--format", "v1"]) == 0
    assert "wrote n-00001-of-00002 (v1): 3 tensors," in capsys.readouterr().out
    assert sorted(fastckpt.open("n")) == ["a", "b", "q", "z"]
