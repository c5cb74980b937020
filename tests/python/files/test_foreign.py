"""Files of other programs are known by their first bytes, whatever these claim."""

from __future__ import annotations

import gzip
import io
import os
import pickle
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import fastckpt
from fastckpt.files.foreign import name_foreign, name_foreign_file

VALUES = {"w": np.arange(6.0).reshape(2, 3)}


def zip_of(member: str) -> bytes:
    """A zip file whose only member is called so."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(member, b"content")
    return file.getvalue()


def tar_of(mode: str) -> bytes:
    """A tar file of one file, packed as the mode says it."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode) as archive:
        member = tarfile.TarInfo("model.ckpt.index")
        member.size = 3000
        archive.addfile(member, io.BytesIO(bytes(3000)))
    return file.getvalue()


def npz_of(save) -> bytes:
    file = io.BytesIO()
    save(file, **VALUES)
    return file.getvalue()


KNOWN = {
    "npz": (npz_of(np.savez), "a NumPy archive"),
    "compressed npz": (npz_of(np.savez_compressed), "a NumPy archive"),
    "keras": (zip_of("metadata.json"), "a Keras model"),
    "torch": (zip_of("archive/data.pkl"), "a PyTorch file, a zip"),
    "zip": (zip_of("notes/data.txt"), "a zip file"),
    "empty zip": (b"PK\x05\x06" + bytes(18), "a zip file"),
    "old torch": (
        pickle.dumps(0x1950A86A20F9469CFC6C, protocol=2),
        "a PyTorch file of the old kind",
    ),
    "pickle": (pickle.dumps([1]), "a pickle"),
    "gzip": (gzip.compress(b"text" * 200), "a gzip file"),
    "cut gzip": (b"\x1f\x8b", "a gzip file"),
    "bzip2": (b"BZh91AY&SY", "a bzip2 file"),
    "xz": (b"\xfd7zXZ\0\0\4", "an xz file"),
    "zstd": (b"\x28\xb5\x2f\xfd\x04", "a Zstandard file"),
    "tar": (tar_of("w"), "a tar file"),
    "tgz": (tar_of("w:gz"), "a compressed tar file"),
    "gguf": (b"GGUF\3\0\0\0", "a GGUF file"),
    "tflite": (b"\x1c\0\0\0TFL3\x14\0", "a TensorFlow Lite model"),
    "onnx": (b"\x08\x08\x12\x07pytorch\x1a\x032.1", "an ONNX model"),
    "events": (
        b"\x18\0\0\0\0\0\0\0\xa3\x7fK\x22\x09\0\0\xc0\xe4R\xd9\xda\x41\x1a\x0d"
        b"brain.Event:2",
        "a TensorBoard event file",
    ),
}


@pytest.mark.parametrize("kind", KNOWN)
def test_each_kind_has_its_name(tmp_path, kind):
    content, what = KNOWN[kind]
    (tmp_path / "file").write_bytes(content)
    named = name_foreign_file(os.fspath(tmp_path / "file"))
    assert named is not None
    assert named.startswith(what)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"some text",
        bytes(600),
        # A SavedModel: its version, then a message where ONNX has a text.
        b"\x08\x01\x12\xb7\x0a\x0a\x08\x12\x05serve",
        # A GraphDef, whose first node is called "x".
        b"\x0a\x15\x0a\x01x\x12\x0bPlaceholder",
    ],
)
def test_what_is_none_of_these_has_no_name(content):
    assert name_foreign(content) is None


@pytest.mark.parametrize("format", ["v1", "v2"])
def test_no_file_of_a_checkpoint_is_taken_for_another_programs(tmp_path, format):
    fastckpt.save(tmp_path / "m", VALUES, format=format)
    paths = [path for path in tmp_path.iterdir() if ".data-" not in path.name]
    assert paths
    assert [name_foreign_file(os.fspath(path)) for path in paths] == [None] * len(paths)


def test_neither_folders_nor_pipes_nor_what_is_not_there_are_read(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", tmp_path / "gone", Path("nul\0l")):
        assert name_foreign_file(os.fspath(path)) is None


def test_of_a_bomb_no_more_is_unpacked_than_tells_what_it_is():
    assert name_foreign(gzip.compress(bytes(64 << 20))) == "a gzip file"


@given(st.sampled_from([content for content, _ in KNOWN.values()]), st.data())
def test_cut_or_changed_anywhere_they_are_named_or_not_but_nothing_fails(content, data):
    cut = bytearray(content[: data.draw(st.integers(0, len(content)))])
    for _ in range(data.draw(st.integers(0, 4)) if cut else 0):
        at = data.draw(st.integers(0, len(cut) - 1))
        cut[at] = data.draw(st.integers(0, 255))
    named = name_foreign(bytes(cut))
    assert named is None or named.startswith(("a ", "an "))


@given(st.binary(max_size=600))
@example(b"PK\x03\x04" + b"\xff" * 40)
@example(b"\x1f\x8b\x08" + b"\xff" * 40)
@example(b"\xdf\xff\xff\xff\xff\xdb\xff\xff\xff\xff")
def test_any_bytes_are_named_or_not_but_nothing_fails(content):
    named = name_foreign(content)
    assert named is None or named.startswith(("a ", "an "))
