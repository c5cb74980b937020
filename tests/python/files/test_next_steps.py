"""What is advised for another program's file is safe to do, and works as printed."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import re
import sys
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

import children
import fastckpt
from fastckpt.errors import CorruptionError
from fastckpt.files.foreign import WORDS, find_kind, kind_of_bytes, name_foreign
from fastckpt.files.foreign_folders import FOLDERS as FOLDER_WORDS
from fastckpt.files.foreign_folders import find_folder_kind
from fastckpt.files.next_steps import find_foreign, find_foreign_folder
from fastckpt.files.packed import unpack_pieces
from fastckpt.files.scripts import LIBRARIES
from foreign_files import FILES, FOLDERS, make_folder
from installed import is_installed

VALUES = {"w": np.arange(6.0).reshape(2, 3), "b": np.ones(2, np.float32)}
# Names that a shell, or a program, would take for something else.
AWKWARD = ['it\'s $HOME `x` "y" ;&', "-rf", "new\nline", "host:file", "bytes \udcff"]
TOOLS = r"(?:python3 -[cm]|fastckpt|mkdir|gunzip|bunzip2|unxz|unzstd|git|tar) "
COMMAND = re.compile(rf".*?: ({TOOLS}.*)", re.DOTALL)


def command_of(advice) -> str:
    found = COMMAND.fullmatch(advice)
    assert found is not None, advice
    return found[1]


def follow(advice, folder, tmp_path) -> None:
    """Does what is advised, in a folder, with this Python as the one that is found."""
    programs = tmp_path / "programs"
    programs.mkdir(exist_ok=True)
    for name, words in (("python3", ""), ("fastckpt", "-m fastckpt")):
        (programs / name).write_text(f'#!/bin/sh\nexec {sys.executable} {words} "$@"\n')
        (programs / name).chmod(0o700)
    source = os.path.dirname(os.path.dirname(fastckpt.__file__))
    path = f"{programs}:{os.environ['PATH']}"
    children.run(
        ["bash", "-c", command_of(advice)],
        cwd=folder,
        env=os.environ | {"PATH": path, "PYTHONPATH": source},
        check=True,
        timeout=120,
    )


def new_checkpoint(folder) -> dict[str, np.ndarray]:
    """The arrays of the only checkpoint in a folder."""
    (index,) = folder.glob("*.index")
    with fastckpt.open(index) as checkpoint:
        return dict(checkpoint.load())


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


def test_what_is_advised_for_one_array_works(tmp_path):
    np.save(tmp_path / "it's.npy", VALUES["w"])
    follow(find_foreign(os.fspath(tmp_path / "it's.npy")).advice, tmp_path, tmp_path)
    assert np.array_equal(new_checkpoint(tmp_path)["array"], VALUES["w"])


TREE = (
    "{'a': {'w': numpy.ones((2, 3), numpy.float32)}, 'list': [numpy.ones(2)], 'n': 3}"
)
IN_TREE = {"a/w": (2, 3), "list/0": (2,), "n": ()}
MAKERS = {
    "hdf5": (
        "h5py",
        "f = h5py.File('it', 'w'); f['a/w'] = numpy.ones((2, 3)); f['n'] = 3; "
        "f['text'] = 'text'; f['none'] = h5py.Empty('f')",
        {"a/w": (2, 3), "n": (), "text": ()},
    ),
    "torch": (
        "torch",
        "torch.save({'a': {'w': torch.ones(2, 3, dtype=torch.bfloat16)}, "
        "'list': [torch.ones(2), None, 'x'], 'n': 3}, 'it')",
        IN_TREE,
    ),
    "old torch": (
        "torch",
        "torch.save(torch.ones(2), 'it', _use_new_zipfile_serialization=False)",
        {"array": (2,)},
    ),
    "msgpack": (
        "flax.serialization",
        f"open('it', 'wb').write(flax.serialization.msgpack_serialize("
        f"flax.serialization.to_state_dict({TREE})))",
        IN_TREE,
    ),
    "orbax": (
        "orbax.checkpoint",
        f"orbax.checkpoint.PyTreeCheckpointer().save(os.path.abspath('it'), {TREE})",
        IN_TREE,
    ),
    "zarr": (
        "zarr",
        "zarr.open_group('it', mode='w').create_group('a').create_array('w', "
        "data=numpy.ones((2, 3)))",
        {"a/w": (2, 3)},
    ),
}


def is_there(module) -> bool:
    package = module.partition(".")[0]
    try:  # Orbax's package is one that others may be in, too
        return is_installed(module if package == "orbax" else package)
    except ModuleNotFoundError:
        return False


def test_every_library_with_a_script_has_a_maker():
    assert {*MAKERS, "npy"} == LIBRARIES.keys()


@pytest.mark.frameworks
@pytest.mark.parametrize("kind", MAKERS)
def test_what_is_advised_for_a_librarys_own_file_works(kind, tmp_path):
    module, statement, shapes = MAKERS[kind]
    if not is_there(module):
        pytest.skip(f"{module} is not installed")
    script = f"import os, numpy, {module}; {statement}"
    children.run([sys.executable, "-c", script], cwd=tmp_path, check=True, timeout=120)
    path = os.fspath(tmp_path / "it")
    found = find_foreign_folder(path) if os.path.isdir(path) else find_foreign(path)
    assert found is not None
    assert found.kind == kind
    follow(found.advice, tmp_path, tmp_path)
    assert {n: it.shape for n, it in new_checkpoint(tmp_path).items()} == shapes
