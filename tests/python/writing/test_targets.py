"""Names under which nothing is saved: folders, other files, what is read just now."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import fastckpt
from small_checkpoints import write_v1, write_v2

NEW = {"w": np.ones(3, np.float32)}
FOLDERS = [".", "..", "sub/.", "sub/..", "sub/", "/"]


def save(source: str, to: str) -> None:
    fastckpt.save(to, NEW)


def save_v1(source: str, to: str) -> None:
    fastckpt.save(to, NEW, format="v1")


def save_by_saver(source: str, to: str) -> None:
    fastckpt.Saver().save(to, NEW)


def merge(source: str, to: str) -> None:
    fastckpt.merge([source], to)


def average(source: str, to: str) -> None:
    fastckpt.average([source], to)


@pytest.mark.parametrize("to", FOLDERS)
@pytest.mark.parametrize(
    "way",
    [
        save,
        save_v1,
        save_by_saver,
        merge,
        average,
        fastckpt.rewrite,
        fastckpt.convert,
        fastckpt.strip,
    ],
)
def test_a_folder_alone_is_no_prefix(tmp_path, monkeypatch, way: Callable, to):
    (tmp_path / "run" / "sub").mkdir(parents=True)
    source = write_v2(tmp_path / "run")
    before = sorted(map(str, tmp_path.rglob("*")))
    monkeypatch.chdir(tmp_path / "run")
    with pytest.raises(ValueError, match=r"names a folder; add a name .*model\.ckpt'"):
        way(source, to)
    assert sorted(map(str, tmp_path.rglob("*"))) == before


@pytest.mark.parametrize("to", [".", "..", "sub/.."])
def test_a_number_makes_no_name_of_dots(tmp_path, monkeypatch, to):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="names a folder"):
        fastckpt.Saver().save(to, NEW, global_step=1)
    assert not list(tmp_path.iterdir())


def test_a_folder_is_numbered_as_tensorflow_does(tmp_path):
    path = fastckpt.Saver().save(f"{tmp_path}/", NEW, global_step=1)
    assert path == f"{tmp_path}/-1"
    assert fastckpt.latest_checkpoint(tmp_path) == path


def links(folder: Path, name: str) -> list[str]:
    """Gives names of one file: its own, with a detour, a link, a hard link."""
    path = folder / name
    (folder / "sub").mkdir()
    os.symlink(path, folder / f"link.{name}")
    os.link(path, folder / f"hard.{name}")
    others = [f"link.{name}", f"hard.{name}", f"sub/../{name}"]
    return [str(path), *(os.path.join(folder, other) for other in others)]


@pytest.mark.parametrize("ending", ["npz", "safetensors"])
def test_a_file_that_is_converted_to_itself_is_whole_or_as_it_was(tmp_path, ending):
    pytest.importorskip("safetensors")
    fastckpt.save(tmp_path / "m", {"n": np.array(2**24 + 1), "w": np.ones(3)})
    file = tmp_path / f"s.{ending}"
    fastckpt.convert(tmp_path / "m", file)
    before = file.read_bytes()
    for name in links(tmp_path, file.name):
        with pytest.raises(ValueError, match="does not hold 16777217"):
            fastckpt.convert(file, name, dtype={"n": "float32"})
        assert file.read_bytes() == before
        fastckpt.convert(file, name)
        assert Path(name).read_bytes() == before


def test_a_file_is_not_put_where_a_checkpoint_would_be_read_in_its_place(tmp_path):
    source = write_v2(tmp_path)
    write_v2(tmp_path, "s.npz")
    with pytest.raises(ValueError, match=r"s\.npz\.index is there"):
        fastckpt.convert(source, tmp_path / "s.npz")
    assert not (tmp_path / "s.npz").exists()


def test_a_mean_does_not_replace_a_source_by_another_name(tmp_path):
    write_v2(tmp_path, "one")
    write_v2(tmp_path, "two")
    os.symlink(tmp_path / "one.index", tmp_path / "alias.index")
    with pytest.raises(ValueError, match="is one of the checkpoints to average"):
        fastckpt.average([tmp_path / "one", tmp_path / "two"], tmp_path / "alias")


GRAPH = b"\n\x05graph"


def save_with_graph(folder: Path) -> None:
    fastckpt.Saver().save(folder / "m", NEW, 1, meta_graph=GRAPH)


@pytest.mark.parametrize("content", [b"my notes", b"\x89HDF\r\n\x1a\n", bytes(60)])
def test_a_graph_replaces_no_file_that_is_none(tmp_path, content):
    (tmp_path / "m-1.meta").write_bytes(content)
    with pytest.raises(ValueError, match=r"m-1\.meta' is .*write_meta_graph=False"):
        save_with_graph(tmp_path)
    assert [it.name for it in tmp_path.iterdir()] == ["m-1.meta"]


def test_a_graph_replaces_no_v1_checkpoint_and_removal_spares_it(tmp_path):
    write_v1(tmp_path, "m-1.meta")
    before = (tmp_path / "m-1.meta").read_bytes()
    with pytest.raises(ValueError, match="is a V1 checkpoint"):
        save_with_graph(tmp_path)
    fastckpt.save(tmp_path / "m-1", NEW)
    fastckpt.remove_checkpoint(tmp_path / "m-1")
    assert (tmp_path / "m-1.meta").read_bytes() == before


@pytest.mark.parametrize("content", [b"", GRAPH, b"meta_info_def {\n}\n"])
def test_a_graph_replaces_a_graph_and_an_empty_file(tmp_path, content):
    (tmp_path / "m-1.meta").write_bytes(content)
    save_with_graph(tmp_path)
    assert (tmp_path / "m-1.meta").read_bytes() == GRAPH


@pytest.mark.parametrize("hours", [float("nan"), -1, float("-inf")])
def test_hours_that_are_none_are_refused(hours):
    with pytest.raises(ValueError, match="keep_checkpoint_every_n_hours must be at le"):
        fastckpt.Saver(keep_checkpoint_every_n_hours=hours)


@pytest.mark.parametrize("hours", [True, "2", None, np.True_, [1]])
def test_hours_are_a_number(hours):
    with pytest.raises(TypeError, match="keep_checkpoint_every_n_hours must be a numb"):
        fastckpt.Saver(keep_checkpoint_every_n_hours=hours)


@pytest.mark.parametrize("count", [True, "5", 2.0, float("nan"), np.False_])
def test_how_many_are_kept_is_an_integer(count):
    with pytest.raises(TypeError, match="max_to_keep must be an int or None"):
        fastckpt.Saver(max_to_keep=count)


@pytest.mark.parametrize("hours", [0, 0.5, np.float32(2), 1e300, float("inf")])
def test_hours_of_any_length_are_taken(hours):
    assert (
        fastckpt.Saver(max_to_keep=np.int64(3), keep_checkpoint_every_n_hours=hours)
        is not None
    )
