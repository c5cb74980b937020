"""The saver: names, numbers, the graph file."""

import os
from pathlib import Path

import numpy as np
import pytest

import fastckpt
from fastckpt.files import replace as atomic
from fastckpt.files import state_update as state_room
from fastckpt.writing import saver as saver_room
from fastckpt.writing.saver import Saver

TENSORS = {
    "w": np.arange(6, dtype=np.float32).reshape(2, 3),
    "b": np.array([1, 2], dtype=np.int64),
    "s": np.array([b"text"], dtype=object),
}


class Graph:
    """What can be written as a graph file."""

    def to_bytes(self):
        return b"\ngraph of an object"


def names_in(folder):
    return sorted(os.listdir(folder))


class TestSaving:
    def test_the_step_is_appended_and_the_state_file_names_it(self, tmp_path):
        path = Saver().save(tmp_path / "model.ckpt", TENSORS, global_step=1000)
        assert path == str(tmp_path / "model.ckpt-1000")
        assert fastckpt.latest_checkpoint(tmp_path) == path
        assert names_in(tmp_path) == [
            "checkpoint",
            "model.ckpt-1000.data-00000-of-00001",
            "model.ckpt-1000.index",
        ]

    @pytest.mark.parametrize(
        ("step", "padded", "name"),
        [
            (None, True, "m"),
            (7, False, "m-7"),
            (7, True, "m-00000007"),
            (123456789, True, "m-123456789"),
            (-5, False, "m--5"),
            (-5, True, "m--0000005"),
            (np.int64(3), False, "m-3"),
            (np.array(4), False, "m-4"),
        ],
    )
    def test_every_step_is_spelled_as_tensorflow_does(
        self, tmp_path, step, padded, name
    ):
        saver = Saver(pad_step_number=padded)
        path = saver.save(f"{tmp_path}/m", TENSORS, step)
        assert path == f"{tmp_path}/{name}"

    def test_a_step_that_is_no_integer_is_a_type_error(self, tmp_path):
        with pytest.raises(TypeError):
            Saver().save(tmp_path / "m", TENSORS, global_step=1.5)
        assert names_in(tmp_path) == []

    def test_data_lie_in_the_order_of_the_names(self, tmp_path):
        path = Saver().save(tmp_path / "m", {"b": TENSORS["b"], "a": TENSORS["b"]})
        with fastckpt.open(path) as checkpoint:
            assert [checkpoint.info(name).offset for name in ("a", "b")] == [0, 16]

    def test_v1_files_are_written_on_request(self, tmp_path):
        for version in ("v1", 1):
            path = Saver(write_version=version).save(tmp_path / f"m{version}", TENSORS)
            assert fastckpt.open(path).format == "v1"

    def test_missing_folders_are_made(self, tmp_path):
        path = Saver().save(tmp_path / "new" / "m", TENSORS)
        assert fastckpt.latest_checkpoint(tmp_path / "new") == path

    def test_a_name_without_a_folder_is_in_the_current_one(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        assert Saver().save("m", TENSORS, 1) == "m-1"
        assert fastckpt.latest_checkpoint("") == "m-1"
        assert fastckpt.latest_checkpoint(".") == "./m-1"

    @pytest.mark.parametrize("latest", [None, "latest"])
    def test_without_its_state_a_checkpoint_does_not_count(self, tmp_path, latest):
        saver = Saver(max_to_keep=1)
        first = saver.save(tmp_path / "m", TENSORS, 1, latest)
        second = saver.save(tmp_path / "m", TENSORS, 2, latest, write_state=False)
        assert saver.last_checkpoints == [first]
        assert fastckpt.latest_checkpoint(tmp_path, latest) == first
        assert fastckpt.checkpoint_exists(second)

    @pytest.mark.parametrize("latest", ["sub/latest", "/latest", "m-1.index", "m-1"])
    def test_a_state_file_in_the_way_is_refused_before_anything(self, tmp_path, latest):
        with pytest.raises(ValueError, match=r"choose another name|without a folder"):
            Saver().save(tmp_path / "m", TENSORS, 1, latest)
        assert names_in(tmp_path) == []

    def test_the_name_of_the_state_file_needs_a_step(self, tmp_path):
        with pytest.raises(ValueError, match="choose another name"):
            Saver().save(tmp_path / "checkpoint", TENSORS)
        path = Saver().save(tmp_path / "checkpoint", TENSORS, 1)
        assert fastckpt.latest_checkpoint(tmp_path) == path

    def test_a_failed_save_leaves_list_and_state_as_they_were(self, tmp_path):
        saver = Saver()
        path = saver.save(tmp_path / "m", TENSORS, 1)
        (tmp_path / "m-2.index").mkdir()
        with pytest.raises(OSError, match="directory"):
            saver.save(tmp_path / "m", TENSORS, 2)
        assert saver.last_checkpoints == [path]
        assert fastckpt.latest_checkpoint(tmp_path) == path


class TestNames:
    def test_a_list_names_what_is_saved(self, tmp_path):
        path = Saver(["w", "b"]).save(tmp_path / "m", TENSORS)
        assert list(fastckpt.open(path)) == ["b", "w"]

    def test_a_dict_gives_the_names_in_the_checkpoint(self, tmp_path):
        path = Saver({"layer/w": "w", "again": "w"}).save(tmp_path / "m", TENSORS)
        with fastckpt.open(path) as checkpoint:
            assert list(checkpoint) == ["again", "layer/w"]
            np.testing.assert_array_equal(checkpoint["again"], TENSORS["w"])

    def test_no_names_save_nothing(self, tmp_path):
        assert list(fastckpt.open(Saver([]).save(tmp_path / "m", TENSORS))) == []

    def test_a_name_that_is_not_given_is_a_key_error_before_anything(self, tmp_path):
        with pytest.raises(KeyError, match="'gone' is to be saved"):
            Saver({"w": "w", "x": "gone"}).save(tmp_path / "m", TENSORS)
        assert names_in(tmp_path) == []

    def test_one_name_alone_is_a_type_error(self):
        with pytest.raises(TypeError, match="not the name 'w'"):
            Saver("w")

    @pytest.mark.parametrize("names", [None, {5: 5}])
    def test_a_name_that_is_no_text_is_a_type_error(self, tmp_path, names):
        with pytest.raises(TypeError, match="name is a str, not int"):
            Saver(names).save(tmp_path / "m", {5: TENSORS["w"]})
        assert names_in(tmp_path) == []

    def test_an_open_checkpoint_keeps_tensorflows_types(self, tmp_path):
        with fastckpt.Writer(tmp_path / "q") as writer:
            writer.add("q", np.array([1, 2], np.int8), tf_dtype="qint8")
        path = Saver({"new": "q"}).save(tmp_path / "m", fastckpt.open(tmp_path / "q"))
        assert fastckpt.open(path).info("new").tf_dtype == "qint8"


class TestGraphs:
    def test_bytes_and_objects_are_written_beside_the_checkpoint(self, tmp_path):
        saver = Saver()
        saver.save(tmp_path / "m", TENSORS, 1, meta_graph=b"\ngraph")
        saver.save(tmp_path / "m", TENSORS, 2, meta_graph=Graph())
        saver.save(tmp_path / "m", TENSORS, 3)
        saver.save(tmp_path / "m", TENSORS, 4, meta_graph=b"x", write_meta_graph=False)
        assert (tmp_path / "m-1.meta").read_bytes() == b"\ngraph"
        assert (tmp_path / "m-2.meta").read_bytes() == b"\ngraph of an object"
        assert {"m-3.meta", "m-4.meta"}.isdisjoint(names_in(tmp_path))

    @pytest.mark.parametrize("wrong", ["model.meta", 5, Path("model.meta"), {}])
    def test_what_is_no_graph_is_refused_before_anything_is_written(
        self, tmp_path, wrong
    ):
        with pytest.raises(TypeError, match=r"bytes, or a MetaGraph, not .*; Meta"):
            Saver().save(tmp_path / "m", TENSORS, meta_graph=wrong)
        assert names_in(tmp_path) == []

    def test_the_graph_is_there_before_the_state_file_names_the_checkpoint(
        self, tmp_path, monkeypatch
    ):
        order, real = [], atomic.replace_file

        def replace(path, content, **options):
            order.append(path)
            real(path, content, **options)

        for room in (saver_room, state_room):
            monkeypatch.setattr(room, "replace_file", replace)
        Saver().save(tmp_path / "m", TENSORS, meta_graph=b"\ngraph")
        assert order == [str(tmp_path / "m.meta"), str(tmp_path / "checkpoint")]

    def test_a_graph_that_two_checkpoints_share_stays(self, tmp_path):
        saver = Saver(max_to_keep=1)
        for step in (1, 2):
            saver.save(tmp_path / "m-00000-of", TENSORS, step, meta_graph=b"\ngraph")
        assert "m.meta" in names_in(tmp_path)


def test_a_model_of_another_program_is_no_state_file_to_replace(tmp_path):
    model = tmp_path / "checkpoint"
    model.write_bytes(b"\x82\xa9optimizer\x83\xa5state")
    with pytest.raises(ValueError, match="msgpack"):
        Saver().save(tmp_path / "m", {"w": 1})
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint"]
    Saver().save(tmp_path / "m", {"w": 1}, write_state=False)
    Saver().save(tmp_path / "m", {"w": 1}, latest_filename="state")
    assert model.read_bytes().startswith(b"\x82")
