"""What ``io="auto"`` goes by: the file systems that the data lie on, links followed."""

from __future__ import annotations

import os
import pickle
import shutil
import tempfile

import numpy as np
import pytest

import fastckpt
from fastckpt import _native

TENSORS = {f"w{i}": np.arange(4, dtype="f4") + i for i in range(4)}


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """A folder on another file system, which is taken for a network's."""
    if not os.path.isdir("/dev/shm"):
        pytest.skip("there is no second file system")
    there = _native.filesystem_of(b"/dev/shm")
    here = _native.filesystem_of(os.fsencode(tmp_path))
    if there == here:
        pytest.skip("temporary files lie on the second file system")
    monkeypatch.setattr(_native, "is_network_filesystem", there.__eq__)
    folder = tempfile.mkdtemp(dir="/dev/shm")
    yield folder
    shutil.rmtree(folder)


def move(path, folder):
    """Moves a file there, and leaves a link."""
    target = shutil.move(path, folder)
    os.symlink(target, path)


@pytest.fixture
def prefix(tmp_path):
    fastckpt.save(tmp_path / "m", TENSORS, shards=3)
    return str(tmp_path / "m")


@pytest.mark.parametrize("shard", [0, 2])
def test_a_data_file_that_lies_elsewhere_is_not_mapped(prefix, elsewhere, shard):
    with fastckpt.open(prefix) as ckpt:
        assert ckpt.io == "mmap"
    move(f"{prefix}.data-{shard:05d}-of-00003", elsewhere)
    with fastckpt.open(prefix) as ckpt:
        assert ckpt.io == "read"
        assert not any(info.is_view for info in ckpt.infos())
        assert ckpt.explain().filesystem in ckpt.explain().reason
        assert {name: list(value) for name, value in ckpt.items()} == {
            name: list(value) for name, value in TENSORS.items()
        }
        again = pickle.loads(pickle.dumps(ckpt))
    assert again.io == "read"


@pytest.mark.parametrize("io", ["mmap", "read"])
def test_what_is_asked_for_is_done(prefix, elsewhere, io):
    move(f"{prefix}.data-00001-of-00003", elsewhere)
    with fastckpt.open(prefix, io=io) as ckpt:
        assert (ckpt.io, ckpt.explain().reason) == (io, "asked for")


def test_a_v1_file_among_several_counts_too(tmp_path, elsewhere):
    for i in range(2):
        name = tmp_path / f"m-{i:05d}-of-00002"
        fastckpt.save(name, {f"w{i}": TENSORS["w0"]}, format="v1")
    assert fastckpt.open(tmp_path / "m").io == "mmap"
    move(str(tmp_path / "m-00001-of-00002"), elsewhere)
    assert fastckpt.open(tmp_path / "m").io == "read"


def test_data_files_that_are_missing_do_not_count(prefix, elsewhere):
    os.unlink(f"{prefix}.data-00001-of-00003")
    with fastckpt.open(prefix) as ckpt:
        assert ckpt.io == "mmap"
        assert len(ckpt) == len(TENSORS)
