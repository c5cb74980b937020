"""What is advised for another program's file is safe to do, and works as printed."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

import fastckpt
from advice import command_of, follow, new_checkpoint
from fastckpt.errors import CorruptionError
from fastckpt.files.foreign import WORDS, find_kind, kind_of_bytes, name_foreign
from fastckpt.files.foreign_folders import FOLDERS as FOLDER_WORDS
from fastckpt.files.foreign_folders import find_folder_kind
from fastckpt.files.next_steps import find_foreign, find_foreign_folder
from fastckpt.files.packed import unpack_pieces
from foreign_files import FILES, FOLDERS, make_folder

VALUES = {"w": np.arange(6.0).reshape(2, 3), "b": np.ones(2, np.float32)}
# Names that a shell, or a program, would take for something else.
AWKWARD = ['it\'s $HOME `x` "y" ;&', "-rf", "new\nline", "host:file", "bytes \udcff"]


def test_each_kind_of_file_is_told_what_to_do_with(tmp_path):
    seen = set()
    for kind, (content, what, advice) in FILES.items():
        path = tmp_path / "file"
        path.write_bytes(content)
        found = find_foreign(os.fspath(path))
        assert found is not None, kind
        assert found.what.startswith(what)
        assert advice in found.advice
        seen.add(found.kind)
    assert seen == WORDS.keys()


def test_each_kind_of_folder_is_told_what_to_do_with(tmp_path):
    seen = set()
    for kind, (_, what, advice) in FOLDERS.items():
        make_folder(tmp_path / kind, kind)
        if (found := find_foreign_folder(os.fspath(tmp_path / kind))) is not None:
            assert what in found.what
            assert advice in found.advice
            seen.add(found.kind)
    assert seen == FOLDER_WORDS.keys()


def test_a_mark_that_is_something_else_marks_nothing(tmp_path):
    for name in ("_METADATA", "zarr.json", "manifest.ocdbt", ".metadata"):
        (tmp_path / name).write_bytes(b"other")
    (tmp_path / ".zgroup").mkdir()
    assert find_folder_kind(os.fspath(tmp_path)) is None


@pytest.mark.parametrize("kind", ["html", "text graph", "pointer", "graph", "json"])
def test_texts_and_graphs_are_no_matter_of_what_may_be_written_over(kind):
    assert name_foreign(FILES[kind][0]) is None


def test_graphs_of_every_size_are_known():
    for size in (1, 100, 127):
        name = b"n" * size
        node = b"\x0a%c%b\x12\x05Const\x22\x00" % (size, name)
        length = len(node)
        varint = bytes([length]) if length < 128 else bytes([length & 127 | 128, 1])
        content = b"\x0a" + varint + node
        assert kind_of_bytes(content) == "graph"


def test_a_header_of_safetensors_may_be_long(tmp_path):
    (tmp_path / "file").write_bytes((1 << 20).to_bytes(8, "little") + b'{"w":')
    assert find_kind(os.fspath(tmp_path / "file")) == "safetensors"


@pytest.mark.parametrize("kind", ["npz", "torch", "torchscript", "keras", "zip"])
def test_an_archive_that_is_cut_is_to_be_copied_again(kind, tmp_path):
    (tmp_path / "file").write_bytes(FILES[kind][0][:-30])
    assert find_foreign(os.fspath(tmp_path / "file")).advice.startswith("it is cut")


@pytest.mark.parametrize("text", ["400 trees", "text, not found", "40% of all"])
def test_a_text_that_is_no_servers_answer_is_not_known(text, tmp_path):
    (tmp_path / "file").write_text(text)
    assert find_foreign(os.fspath(tmp_path / "file")) is None


def test_a_pointer_in_a_repository_is_fetched_from_there(tmp_path, monkeypatch):
    folder = tmp_path / "a repository" / "models"
    folder.mkdir(parents=True)
    (folder.parent / ".git").mkdir()
    (folder / "model").write_bytes(FILES["pointer"][0])
    found = find_foreign(os.fspath(folder / "model"))
    assert command_of(found.advice) == f"git -C '{folder}' lfs pull"
    monkeypatch.chdir(folder)
    assert command_of(find_foreign("model").advice) == "git -C . lfs pull"


def test_the_graph_of_a_saved_model_leads_to_its_checkpoint(tmp_path):
    fastckpt.save(tmp_path / "variables" / "variables", VALUES)
    (tmp_path / "saved_model.pb").write_bytes(FILES["saved model"][0])
    with pytest.raises(CorruptionError, match="its checkpoint is there, too") as caught:
        fastckpt.open(tmp_path / "saved_model.pb")
    assert f"fastckpt ls {tmp_path}" in str(caught.value)


def pack(folder, ending, module) -> None:
    """Saves a checkpoint whose files are all compressed."""
    fastckpt.save(folder / "model.ckpt", VALUES)
    for path in list(folder.glob("model.ckpt.*")):
        (folder / f"{path.name}.{ending}").write_bytes(
            module.compress(path.read_bytes())
        )
        path.unlink()


@pytest.mark.parametrize(
    ("ending", "module"), [("gz", gzip), ("bz2", bz2), ("xz", lzma)]
)
def test_the_files_of_a_checkpoint_are_unpacked_together(tmp_path, ending, module):
    folder = tmp_path / AWKWARD[0]
    folder.mkdir()
    pack(folder, ending, module)
    before = set(folder.iterdir())
    with pytest.raises(CorruptionError, match="are compressed, unpack them") as caught:
        fastckpt.open(folder / f"model.ckpt.index.{ending}")
    with pytest.raises(FileNotFoundError, match="are compressed, unpack them"):
        fastckpt.open(folder / "model.ckpt")
    with pytest.raises(FileNotFoundError, match="are compressed, unpack them"):
        fastckpt.open(folder)
    follow(str(caught.value), tmp_path, tmp_path)
    assert before < set(folder.iterdir())
    assert new_checkpoint(folder).keys() == VALUES.keys()
    assert unpack_pieces(os.fspath(folder / "model.ckpt")) is None


def test_unpacking_takes_names_alone_that_are_free(tmp_path):
    for name in ("model", "model.gz-unpacked"):
        (tmp_path / name).write_text("other")
    (tmp_path / "model.gz").write_bytes(gzip.compress(b"text"))
    follow(find_foreign(os.fspath(tmp_path / "model.gz")).advice, tmp_path, tmp_path)
    assert (tmp_path / "model").read_text() == "other"
    assert (tmp_path / "model.gz-unpacked").read_text() == "other"
    assert (tmp_path / "model.gz-unpacked-2").read_text() == "text"


def make_archive(kind) -> None:
    """Makes a file "plain" with a checkpoint in it, or with arrays."""
    if kind == "npz":
        np.savez("plain.npz", **VALUES)
        os.rename("plain.npz", "plain")
        return
    fastckpt.save("kept/model", VALUES)
    if kind == "zip":
        with zipfile.ZipFile("plain", "w") as archive:
            for path in Path("kept").iterdir():
                archive.write(path, path.name)
    else:
        with tarfile.open("plain", kind) as archive:
            for path in Path("kept").iterdir():
                archive.add(path, path.name)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        *((kind, name) for kind in ("zip", "w", "w:gz") for name in AWKWARD),
        *(("npz", name) for name in AWKWARD[::2]),
    ],
)
def test_what_is_advised_works_whatever_a_file_is_called(
    kind, name, tmp_path, monkeypatch
):
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(tmp_path)
    make_archive(kind)
    os.rename("plain", folder / name)
    monkeypatch.chdir(folder)
    follow(find_foreign(name).advice, folder, tmp_path)
    made = [path for path in folder.iterdir() if path.is_dir()] or [folder]
    assert new_checkpoint(made[0]).keys() == VALUES.keys()


@pytest.mark.parametrize("kind", ["zip", "npy"])
def test_no_module_that_lies_beside_a_file_is_run(kind, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("sitecustomize", "zipfile", "numpy", "fastckpt", "os"):
        (tmp_path / f"{name}.py").write_text("open('was run', 'w')")
    (tmp_path / "file").write_bytes(FILES[kind][0])
    follow(find_foreign("file").advice, tmp_path, tmp_path)
    assert not (tmp_path / "was run").exists()


def test_a_folder_that_is_named_by_a_dot_has_a_name(tmp_path, monkeypatch):
    (tmp_path / "model" / "inner").mkdir(parents=True)
    make_folder(tmp_path / "model", "zarr 3")
    for folder, name in ((tmp_path / "model", "."), (tmp_path / "model/inner", "..")):
        monkeypatch.chdir(folder)
        advice = find_foreign_folder(name).advice
        assert advice.endswith(f" {name} {tmp_path / 'model.ckpt'}")


def test_what_is_advised_for_one_array_works(tmp_path):
    np.save(tmp_path / "it's.npy", VALUES["w"])
    follow(find_foreign(os.fspath(tmp_path / "it's.npy")).advice, tmp_path, tmp_path)
    assert np.array_equal(new_checkpoint(tmp_path)["array"], VALUES["w"])
