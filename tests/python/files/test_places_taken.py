"""What has the name that a save is to write, and is no checkpoint of its kind."""

import os
import socket
import stat

import numpy as np
import pytest

import fastckpt

TENSORS = {"w": np.arange(6.0)}

SAVES = {
    "save": lambda to, form: fastckpt.save(to, TENSORS, format=form),
    "rewrite": lambda to, form: fastckpt.rewrite("old", to, format=form),
    "convert": lambda to, form: fastckpt.convert("old", to, format=form),
    "merge": lambda to, form: fastckpt.merge(["old"], to),
    "saver": lambda to, form: fastckpt.Saver().save(to, TENSORS),
}
V1_SAVES = ("save", "rewrite", "convert")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    fastckpt.save("old", TENSORS)
    return tmp_path


def make_socket(path):
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(path)


@pytest.mark.parametrize("make", [os.mkfifo, make_socket])
@pytest.mark.parametrize("save", V1_SAVES)
def test_a_pipe_or_socket_is_no_place_for_a_v1_file(make, save, folder):
    make("x")
    os.symlink("x", "link")
    for target in ("x", "link"):
        with pytest.raises(OSError, match="not a regular file"):
            SAVES[save](target, "v1")
    assert not stat.S_ISREG(os.lstat("x").st_mode)
    assert os.path.islink("link")


@pytest.mark.parametrize("file", ["x.index", "x.data-00000-of-00001"])
@pytest.mark.parametrize("save", SAVES)
def test_a_pipe_is_no_place_for_a_v2_file(file, save, folder):
    os.mkfifo(file)
    with pytest.raises(OSError, match="not a regular file"):
        SAVES[save]("x", "v2")
    assert stat.S_ISFIFO(os.lstat(file).st_mode)


@pytest.mark.parametrize("file", ["x.index", "x.data-00000-of-00001"])
@pytest.mark.parametrize("save", SAVES)
def test_a_v1_checkpoint_named_like_a_part_stays(file, save, folder):
    fastckpt.save("v1", {"v1": np.ones(3)}, format="v1")
    os.rename("v1", file)
    with pytest.raises(ValueError, match="is a V1 checkpoint, which a V2"):
        SAVES[save]("x", "v2")
    assert list(fastckpt.open(file)) == ["v1"]


@pytest.mark.parametrize("content", [b"my index of experiments", b"PK\3\4archive"])
def test_a_file_that_is_no_index_stays(content, folder):
    (folder / "x.index").write_bytes(content)
    with pytest.raises(ValueError, match="no checkpoint's index"):
        fastckpt.save("x", TENSORS)
    assert (folder / "x.index").read_bytes() == content


@pytest.mark.parametrize("cut", [0, 1, 30, -1])
def test_a_damaged_index_is_replaced(cut, folder):
    index = folder / "old.index"
    index.write_bytes(index.read_bytes()[:cut])
    fastckpt.save("old", TENSORS)
    assert list(fastckpt.open("old")) == ["w"]


def test_data_files_that_lost_their_index_stay_through_saves(folder):
    tensors = {"a": np.arange(1000.0), "b": np.ones(5)}
    fastckpt.save("z", tensors, shards=2)
    index = (folder / "z.index").read_bytes()
    os.remove("z.index")
    for shards in (1, 3, 1):
        fastckpt.save("z", TENSORS, shards=shards)
        files = sorted(name for name in os.listdir() if name.startswith("z."))
        own = [f"z.data-{i:05d}-of-{shards:05d}" for i in range(shards)]
        lost = ["z.data-00000-of-00002", "z.data-00001-of-00002"]
        assert files == sorted([*own, *lost, "z.index"])
    (folder / "z.index").write_bytes(index)
    np.testing.assert_array_equal(fastckpt.open("z")["a"], tensors["a"])


def test_data_files_that_no_index_names_are_told(folder):
    fastckpt.save("z", {"a": np.arange(1000.0)}, shards=2)
    os.remove("z.index")
    fastckpt.save("z", TENSORS)
    found = fastckpt.examine(folder)
    assert found.ok
    told = [note.path for note in found.notes if note.cause == "other save"]
    assert [os.path.basename(path) for path in told] == [
        "z.data-00000-of-00002",
        "z.data-00001-of-00002",
    ]
