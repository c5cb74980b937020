"""How many data files an edited checkpoint has where nobody says it: the source's."""

from __future__ import annotations

import json

import numpy as np
import pytest

import fastckpt
from fastckpt.cli.main import main
from fastckpt.files.find import data_files

TENSORS = {f"w{i}": np.arange(10, dtype="f4") + i for i in range(6)}
MANY = 3


@pytest.fixture
def source(tmp_path):
    fastckpt.save(tmp_path / "old", TENSORS, shards=MANY)
    return tmp_path / "old"


def run(*arguments):
    assert main([*map(str, arguments)]) == 0


VERBS = {
    "rewrite": lambda old, new: fastckpt.rewrite(old, new),
    "rewrite with a cast": lambda old, new: fastckpt.rewrite(old, new, dtype="f8"),
    "rewrite aligned": lambda old, new: fastckpt.rewrite(old, new, align=64),
    "convert": lambda old, new: fastckpt.convert(old, new),
    "convert with a cast": lambda old, new: fastckpt.convert(old, new, dtype="f8"),
    "strip": lambda old, new: fastckpt.strip(old, new),
    "average": lambda old, new: fastckpt.average([old], new),
    "the command convert": lambda old, new: run("convert", old, new),
    "the command rename": lambda old, new: run("rename", old, new, "w0->v0"),
    "the command strip": lambda old, new: run("strip", old, new, "--drop", "w0"),
    "the command average": lambda old, new: run("average", old, "--to", new),
}


@pytest.mark.parametrize("verb", VERBS)
def test_no_verb_merges_data_files_that_nobody_asked_to_merge(verb, source, tmp_path):
    VERBS[verb](source, tmp_path / "new")
    assert len(data_files(str(tmp_path / "new"))) == MANY
    assert fastckpt.open(tmp_path / "new").verify().ok


def test_a_checkpoint_in_its_own_place_keeps_its_data_files(source):
    fastckpt.rewrite(source, source, rename={"w0": "v0"})
    assert len(data_files(str(source))) == MANY


@pytest.mark.parametrize("verb", [fastckpt.rewrite, fastckpt.convert])
def test_a_number_that_is_asked_for_counts(verb, source, tmp_path):
    verb(source, tmp_path / "new", shards=1)
    assert len(data_files(str(tmp_path / "new"))) == 1


def test_no_data_file_is_left_empty(source, tmp_path):
    fastckpt.rewrite(source, tmp_path / "new", select=["w0", "w5"])
    assert len(data_files(str(tmp_path / "new"))) == 2


def test_slices_are_dealt_out_like_tensors(tmp_path):
    with fastckpt.Writer(tmp_path / "old", shards=4) as writer:
        for begin in range(4):
            part = np.full((1, 3), begin, "f4")
            writer.add_slice("emb", part, full_shape=(4, 3), begin=(begin, 0))
    fastckpt.rewrite(tmp_path / "old", tmp_path / "new")
    assert len(data_files(str(tmp_path / "new"))) == 4


def test_the_index_tells_the_number_where_no_layout_does(tmp_path, capsys):
    words = {"words": [b"a", b"b"], "more": [b"c"]}
    fastckpt.save(tmp_path / "old", words, shards=2)
    fastckpt.rewrite(tmp_path / "old", tmp_path / "new")
    assert len(data_files(str(tmp_path / "new"))) == 2
    (tmp_path / "new.data-00001-of-00002").unlink()
    main(["show", "--json", str(tmp_path / "new")])
    files = [file["path"] for file in json.loads(capsys.readouterr().out)["files"]]
    assert str(tmp_path / "new.data-00001-of-00002") in files


def test_formats_that_are_one_file_are_one_file(source, tmp_path):
    fastckpt.rewrite(source, tmp_path / "new", format="v1")
    fastckpt.convert(tmp_path / "new", tmp_path / "again", format="v2")
    fastckpt.average([tmp_path / "new"], tmp_path / "mean")
    assert fastckpt.open(tmp_path / "mean").format == "v1"
    assert len(data_files(str(tmp_path / "again"))) == 1
