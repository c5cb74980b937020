"""Sources that are odd: pipes, archives with a name twice, parts of a whole."""

import io
import os
import sys
import zipfile

import numpy as np
import pytest
from safetensors.numpy import save_file

import children
import fastckpt
from fastckpt.cli import main

# In a process of its own: what opens a pipe waits for ever.
READ_PIPE = """
import sys, fastckpt
try:
    fastckpt.convert(sys.argv[1], sys.argv[2])
except OSError as error:
    print(error)
"""


@pytest.mark.parametrize("name", ["x.npz", "x.safetensors", "x.index"])
def test_a_pipe_is_no_source(name, tmp_path):
    os.mkfifo(tmp_path / name)
    arguments = [str(tmp_path / name), str(tmp_path / "to")]
    command = [sys.executable, "-c", READ_PIPE, *arguments]
    ended = children.run(command, timeout=60, capture_output=True, text=True)
    assert "not a regular file" in ended.stdout


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("second", ["a.npy", "a"])
def test_an_archive_with_two_arrays_of_one_name_is_damaged(second, tmp_path):
    stored = io.BytesIO()
    np.save(stored, np.ones(2))
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        for member in ("a.npy", second):
            archive.writestr(member, stored.getvalue())
    with pytest.raises(fastckpt.CorruptionError, match="two arrays 'a'"):
        fastckpt.convert(tmp_path / "x.npz", tmp_path / "to")


def test_one_file_of_several_is_converted_with_a_warning(tmp_path):
    path = tmp_path / "model-00001-of-00002.safetensors"
    save_file({"a": np.ones(2)}, path)
    with pytest.warns(UserWarning, match="one of 2 files") as caught:
        fastckpt.convert(path, tmp_path / "to")
    assert caught[0].filename == __file__
    save_file({"a": np.ones(2)}, tmp_path / "model-00001-of-00001.safetensors")
    fastckpt.convert(tmp_path / "model-00001-of-00001.safetensors", tmp_path / "to")


def test_a_mean_of_the_newest_warns_of_one_without_index(tmp_path, capsys):
    for step in (1, 2, 3):
        fastckpt.save(tmp_path / f"m-{step}", {"w": np.full(2, float(step))})
    os.remove(tmp_path / "m-2.index")
    with pytest.warns(UserWarning, match="m-2' has lost its index") as caught:
        fastckpt.average([tmp_path], tmp_path / "to" / "mean", last=2)
    assert caught[0].filename == __file__
    target = str(tmp_path / "to" / "mean")
    assert main(["average", str(tmp_path), "--last", "2", "--to", target]) == 0
    assert "has lost its index" in capsys.readouterr().err


def test_an_older_one_without_index_does_not_matter(tmp_path):
    for step in (1, 2, 3):
        fastckpt.save(tmp_path / f"m-{step}", {"w": np.full(2, float(step))})
    os.remove(tmp_path / "m-1.index")
    done = fastckpt.average([tmp_path], tmp_path / "to" / "mean", last=2)
    assert [os.path.basename(it) for it in done.checkpoints] == ["m-2", "m-3"]


@pytest.mark.parametrize("at", [0, 10, -40, -1])
def test_a_folder_with_a_damaged_v1_checkpoint_is_not_empty(at, tmp_path):
    fastckpt.save(tmp_path / "m", {"w": np.arange(50.0)}, format="v1")
    damaged = bytearray((tmp_path / "m").read_bytes())
    damaged[at] ^= 0xFF
    (tmp_path / "m").write_bytes(damaged)
    found = fastckpt.examine(tmp_path)
    assert not found.ok
    assert found.examined[0].path == str(tmp_path / "m")


def test_advice_for_shards_names_what_they_have_whole(tmp_path, capsys):
    for shard, values in enumerate(({"a": np.ones(2)}, {"a": np.ones(2), "b": 1.0})):
        fastckpt.save(tmp_path / f"m-0000{shard}-of-00002", values, format="v1")
    assert main(["doctor", str(tmp_path)]) == 1
    assert "under another name opens alone" in capsys.readouterr().out
