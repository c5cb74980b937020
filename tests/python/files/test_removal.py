"""Deleting a checkpoint: all its files, and no other's."""

import os

import pytest

from fastckpt.files.remove import checkpoint_format, meta_graph_name, remove_checkpoint


def touch(folder, *names):
    for name in names:
        (folder / name).write_bytes(b"")


V2_FILES = ("index", "data-00000-of-00002", "data-00001-of-00002", "meta")


def test_all_files_of_a_v2_checkpoint_go_and_no_others(tmp_path):
    others = ["m", "m-1.index", "m.index2", "m.data-0-of-2", "m.txt", "checkpoint"]
    touch(tmp_path, *(f"m.{suffix}" for suffix in V2_FILES), *others)
    remove_checkpoint(tmp_path / "m")
    assert sorted(os.listdir(tmp_path)) == sorted(others)


@pytest.mark.parametrize("name", ["m*", "m?", "[m]", "m[1]", r"m\1"])
def test_signs_of_patterns_are_part_of_the_name(tmp_path, name):
    neighbours = [f"{n}.{suffix}" for n in ("m1", "m", "mx") for suffix in V2_FILES]
    touch(tmp_path, *neighbours, *(f"{name}.{suffix}" for suffix in V2_FILES))
    remove_checkpoint(str(tmp_path / name))
    assert sorted(os.listdir(tmp_path)) == sorted(neighbours)


def test_the_index_goes_first_and_the_graph_last(tmp_path, monkeypatch):
    touch(tmp_path, *(f"m.{suffix}" for suffix in V2_FILES))
    order, real = [], os.unlink
    monkeypatch.setattr(os, "unlink", lambda path: (order.append(path), real(path)))
    remove_checkpoint(tmp_path / "m")
    assert order == [str(tmp_path / f"m.{suffix}") for suffix in V2_FILES]


def test_v1_files_go_with_their_graph(tmp_path):
    touch(tmp_path, "m", "m.meta", "m.index", "m-00000-of-00001")
    remove_checkpoint(tmp_path / "m", "v1")
    assert sorted(os.listdir(tmp_path)) == ["m-00000-of-00001", "m.index"]


def test_v1_shards_go_by_their_pattern_and_its_stem_is_literal(tmp_path):
    shards = ["g[1]-00000-of-00002", "g[1]-00001-of-00002", "g[1].meta"]
    others = ["g1-00000-of-00002", "g[1]-00000-of-00003", "g1.meta"]
    touch(tmp_path, *shards, *others)
    remove_checkpoint(tmp_path / "g[1]-?????-of-00002", 1)
    assert sorted(os.listdir(tmp_path)) == sorted(others)


def test_a_pattern_of_any_other_form_removes_nothing(tmp_path):
    touch(tmp_path, "m-00000-of-00002", "m-00001-of-00002")
    for name in ("m*", "m-*-of-00002", "m", "m-?????-of-?????"):
        remove_checkpoint(tmp_path / name, "v1")
    assert len(os.listdir(tmp_path)) == 2


def test_another_suffix_of_the_graph_can_be_told(tmp_path):
    touch(tmp_path, "m.index", "m.meta", "m.graph")
    remove_checkpoint(tmp_path / "m", meta_graph_suffix="graph")
    assert os.listdir(tmp_path) == ["m.meta"]


def test_nothing_there_is_nothing_to_do(tmp_path):
    remove_checkpoint(tmp_path / "m")
    remove_checkpoint(tmp_path / "gone" / "m")
    touch(tmp_path, "file")
    remove_checkpoint(tmp_path / "file" / "m")
    assert os.listdir(tmp_path) == ["file"]


def test_a_folder_in_the_way_is_the_error_it_is(tmp_path):
    (tmp_path / "m.index").mkdir()
    with pytest.raises(OSError, match="directory"):
        remove_checkpoint(tmp_path / "m")


@pytest.mark.parametrize(
    ("prefix", "name"),
    [
        ("d/m", "d/m.meta"),
        ("d/m-00003-of-00004", "d/m.meta"),
        ("d/m-?????-of-00004", "d/m.meta"),
        ("d/m-7", "d/m-7.meta"),
    ],
)
def test_shards_have_one_graph_together(prefix, name):
    assert meta_graph_name(prefix) == name


def test_tensorflows_numbers_stand_for_the_formats():
    assert [checkpoint_format(version) for version in (1, 2, "v1", "v2")] == [
        *("v1", "v2", "v1", "v2")
    ]
    for wrong in (0, 3, "V2", None):
        with pytest.raises(ValueError, match="'v2' or 'v1', not"):
            checkpoint_format(wrong)
