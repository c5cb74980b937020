"""Files of other programs are known by their first bytes, whatever these claim."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import fastckpt
from fastckpt.files.foreign import name_foreign, name_foreign_file
from foreign_files import FILES, npz_of

# Texts and graphs have no name: they may be written over.
OTHERS = {"pointer", "html", "xml", "answer", "json", "empty"}
OTHERS |= {"text graph", "graph", "meta graph", "saved model"}
KNOWN = {
    **{kind: FILES[kind][:2] for kind in FILES if kind not in OTHERS},
    "compressed npz": (npz_of(np.savez_compressed), "a NumPy archive"),
    "empty zip": (b"PK\x05\x06" + bytes(18), "a zip file"),
    "cut gzip": (b"\x1f\x8b", "a gzip file"),
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
    fastckpt.save(tmp_path / "m", {"w": np.ones(3)}, format=format)
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
