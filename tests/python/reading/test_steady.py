"""Copies that are made by reading, also of a checkpoint that is mapped."""

import os

import numpy as np
import pytest

import fastckpt
from fastckpt.reading.chunks import ChunkReader
from fastckpt.reading.steady import read_steadily

VALUES = np.arange(3_000_000, dtype=np.float32)
TEXTS = [b"a", b"bc"]
DATA = "model.data-00000-of-00001"


@pytest.fixture
def opened(tmp_path):
    tensors = {"w": VALUES, "texts": TEXTS}
    fastckpt.save(tmp_path / "model", tensors, fsync=False)
    with fastckpt.open(tmp_path / "model", io="mmap") as ckpt:
        yield ckpt


def _damage(path, at):
    with open(path, "r+b") as file:
        file.seek(at)
        file.write(b"\xff")


@pytest.mark.parametrize("region", [None, np.s_[5:9], np.s_[::-1000]])
def test_values_are_those_that_a_view_has(opened, region):
    copy = read_steadily(opened, "w", region)
    assert copy.tobytes() == opened["w"][region or ...].tobytes()
    assert copy.flags.writeable
    assert not np.shares_memory(copy, opened["w"])
    assert read_steadily(opened, "texts").tolist() == TEXTS


def test_values_are_checked_unless_the_caller_knows_better(opened, tmp_path):
    read_steadily(opened, "w", np.s_[:1])
    _damage(tmp_path / DATA, 400)
    with pytest.raises(fastckpt.CorruptionError, match="stored checksum"):
        read_steadily(opened, "w", np.s_[:1])
    assert read_steadily(opened, "w", np.s_[:1], check=False) == [0]


def test_a_file_that_is_cut_is_an_error_where_a_view_was_handed_out(opened, tmp_path):
    assert opened["w"][0] == 0
    os.truncate(tmp_path / DATA, 4096)
    for region in (None, np.s_[-1:]):
        with pytest.raises(fastckpt.CorruptionError, match="open the checkpoint again"):
            read_steadily(opened, "w", region, check=False)


def test_chunks_come_from_the_files_that_are_open(opened, tmp_path):
    assert opened["w"][0] == 0
    fastckpt.save(tmp_path / "model", {"other": [1]}, fsync=False)
    chunks = list(ChunkReader(opened).chunked(opened.info("w")).make())
    assert len(chunks) > 1
    assert np.concatenate(chunks).tobytes() == VALUES.tobytes()
