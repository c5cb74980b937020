"""Files that a page, a graph or a V1 checkpoint must not take the place of."""

import numpy as np
import pytest

import fastckpt
from fastckpt.cli import main

TENSORS = {"w": np.arange(6, dtype=np.float32)}
PARTS = ("index", "data-00000-of-00001", "meta")


def bytes_in(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def folder(tmp_path):
    fastckpt.save(tmp_path / "m", TENSORS)
    fastckpt.save(tmp_path / "old", TENSORS, format="v1")
    (tmp_path / "m.meta").write_bytes(b"graph")
    return tmp_path


class TestPages:
    @pytest.mark.parametrize("name", [*(f"m.{part}" for part in PARTS), "old"])
    def test_a_page_takes_no_checkpoints_place(self, folder, name, capsys):
        before = bytes_in(folder)
        assert main(["show", str(folder / "m"), "--html", str(folder / name)]) == 2
        assert "would replace" in capsys.readouterr().err
        assert bytes_in(folder) == before

    def test_a_link_to_a_checkpoints_file_is_such_a_file(self, folder):
        (folder / "page.html").symlink_to("m.index")
        before = bytes_in(folder)
        assert main(["show", f"{folder}/m", "--html", f"{folder}/page.html"]) == 2
        assert bytes_in(folder) == before

    def test_an_older_page_is_replaced(self, folder):
        for _ in range(2):
            assert main(["show", f"{folder}/m", "--html", f"{folder}/m.html"]) == 0


class TestFrozenGraphs:
    @pytest.mark.parametrize(
        "name",
        ["saved_model.pb", "variables/v.index", "variables/v.data-00000-of-00001"],
    )
    def test_a_frozen_graph_takes_no_models_place(self, tmp_path, name):
        fastckpt.save(tmp_path / "variables/v", TENSORS)
        (tmp_path / "saved_model.pb").write_bytes(b"model")
        before = bytes_in(tmp_path)
        with pytest.raises(ValueError, match="would replace"):
            fastckpt.freeze(tmp_path, to=tmp_path / name)
        assert bytes_in(tmp_path) == before

    def test_a_frozen_graph_does_not_take_the_place_of_its_graph(self, folder):
        (folder / "graph.pb").write_bytes(b"graph")
        with pytest.raises(ValueError, match="is the graph itself"):
            fastckpt.freeze(
                folder / "m", to=folder / "graph.pb", meta=folder / "graph.pb"
            )
        assert (folder / "graph.pb").read_bytes() == b"graph"


class TestStateFiles:
    @pytest.fixture
    def state(self, folder):
        fastckpt.update_checkpoint_state(folder, folder / "m")
        return folder / "checkpoint"

    def test_a_page_does_not_take_a_state_files_place(self, folder, state):
        before = bytes_in(folder)
        assert main(["show", f"{folder}/m", "--html", str(state)]) == 2
        assert bytes_in(folder) == before

    @pytest.mark.parametrize("kind", ["npz", "safetensors"])
    def test_nor_does_a_file_of_another_format(self, folder, state, kind):
        before = bytes_in(folder)
        with pytest.raises(ValueError, match="a state file, which"):
            fastckpt.convert(folder / "m", state, format=kind)
        assert bytes_in(folder) == before

    @pytest.mark.parametrize("name", [*(f"m.{part}" for part in PARTS), "old"])
    def test_a_state_file_takes_no_checkpoints_place(self, folder, name):
        before = bytes_in(folder)
        for write in (
            lambda: fastckpt.Saver().save(folder / "n", TENSORS, 1, name),
            lambda: fastckpt.update_checkpoint_state(
                folder, folder / "other", latest_filename=name
            ),
        ):
            with pytest.raises(ValueError, match="would replace"):
                write()
        assert bytes_in(folder) == before

    def test_a_state_file_of_a_parts_name_is_written_anew(self, tmp_path):
        for step in (1, 2):
            fastckpt.Saver().save(tmp_path / "m", TENSORS, step, "run.meta")
        found = fastckpt.latest_checkpoint(tmp_path, "run.meta")
        assert found == f"{tmp_path}/m-2"


@pytest.mark.parametrize("kind", ["npz", "safetensors"])
class TestOtherFormats:
    @pytest.mark.parametrize("name", [*(f"m.{part}" for part in PARTS), "old"])
    def test_a_file_of_another_format_takes_no_checkpoints_place(
        self, folder, name, kind
    ):
        fastckpt.save(folder / "source", TENSORS)
        before = bytes_in(folder)
        with pytest.raises(ValueError, match="would replace"):
            fastckpt.convert(folder / "source", folder / name, format=kind)
        assert bytes_in(folder) == before

    def test_nor_that_of_a_saved_model(self, tmp_path, kind):
        fastckpt.save(tmp_path / "variables/variables", TENSORS)
        (tmp_path / "saved_model.pb").write_bytes(b"model")
        before = bytes_in(tmp_path)
        with pytest.raises(ValueError, match="a SavedModel's graph"):
            fastckpt.convert(tmp_path, tmp_path / "saved_model.pb", format=kind)
        assert bytes_in(tmp_path) == before

    def test_a_file_that_was_converted_before_is_replaced(self, folder, kind):
        for _ in range(2):
            fastckpt.convert(folder / "m", folder / f"new.{kind}")
        assert (folder / f"new.{kind}").stat().st_size


class TestV1Checkpoints:
    @pytest.mark.parametrize("name", [f"m.{part}" for part in PARTS])
    def test_a_v1_checkpoint_takes_no_other_checkpoints_place(self, folder, name):
        before = bytes_in(folder)
        with pytest.raises(ValueError, match="a checkpoint's file"):
            fastckpt.save(folder / name, TENSORS, format="v1")
        assert bytes_in(folder) == before

    @pytest.mark.parametrize(
        ("content", "what"),
        [
            (b'model_checkpoint_path: "m"\n', "a text"),
            ("Grüße".encode() * 200, "a text"),
            (b"PK\x03\x04" + bytes(40), "a zip file"),
            (b"\x89HDF\r\n\x1a\n" + bytes(40), "an HDF5 file"),
        ],
    )
    def test_nor_that_of_another_kind_of_file(self, tmp_path, content, what):
        path = tmp_path / "notes"
        path.write_bytes(content)
        for write in (
            lambda: fastckpt.save(path, TENSORS, format="v1"),
            lambda: fastckpt.Saver(write_version="v1").save(path, TENSORS),
        ):
            with pytest.raises(ValueError, match=what):
                write()
        assert bytes_in(tmp_path) == {path: content}

    @pytest.mark.parametrize("kept", [0, 20, -1, None])
    def test_a_v1_file_is_replaced_also_one_that_is_cut(self, folder, kept):
        whole = (folder / "old").read_bytes()
        (folder / "old").write_bytes(whole[:kept])
        fastckpt.save(folder / "old", {"v": TENSORS["w"]}, format="v1")
        assert list(fastckpt.open(folder / "old")) == ["v"]

    def test_a_v1_file_of_a_parts_name_can_be_saved_again(self, tmp_path):
        for _ in range(2):
            fastckpt.save(tmp_path / "x.meta", TENSORS, format="v1")
