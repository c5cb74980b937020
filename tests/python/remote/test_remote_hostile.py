"""Names and numbers that were made to hurt, behind URLs."""

from __future__ import annotations

import os

import numpy as np
import pytest

import fastckpt

fsspec = pytest.importorskip("fsspec")

from remote_stores import in_memory  # noqa: E402 (needs fsspec)


@pytest.mark.parametrize("name", ["a b", "x%20y", "x#y?z", "ü", "m;1", "a@b:c"])
def test_names_are_taken_as_they_are(name, tmp_path):
    fastckpt.save(tmp_path / name, {"w": np.arange(3.0)})
    url = in_memory(tmp_path)
    with fastckpt.open(f"{url}/{name}") as ckpt:
        assert ckpt["w"].tolist() == [0, 1, 2]
        assert ckpt.path == f"{url}/{name}"


def test_name_that_is_no_utf8_is_not_found(tmp_path):
    with pytest.raises((FileNotFoundError, ValueError)):
        fastckpt.open(in_memory(tmp_path) + "/m" + os.fsdecode(b"\xff"))


def test_nul_in_a_name_is_not_found(tmp_path):
    with pytest.raises((FileNotFoundError, ValueError)):
        fastckpt.open(in_memory(tmp_path) + "/m\0n")


def test_index_larger_than_the_limit_is_not_fetched(tmp_path):
    fastckpt.save(tmp_path / "m", {f"w{i}": np.arange(3.0) for i in range(1000)})
    with pytest.raises(fastckpt.UnsupportedError, match="max_index_bytes"):
        fastckpt.open(in_memory(tmp_path) + "/m", max_index_bytes=1000)


@pytest.mark.parametrize("format", ["v2", "v1"])
def test_cut_at_any_length_is_an_error(format, tmp_path):
    fastckpt.save(tmp_path / "m", {"w": np.arange(30.0)}, format=format)
    url = in_memory(tmp_path)
    name = f"{url}/m.index" if format == "v2" else f"{url}/m"
    whole = fsspec.filesystem("memory").cat_file(name)
    for size in range(0, len(whole), 7):
        fsspec.filesystem("memory").pipe_file(name, whole[:size])
        with pytest.raises(fastckpt.CorruptionError):
            fastckpt.open(f"{url}/m")


def test_many_small_tensors_are_few_requests(tmp_path):
    tensors = {f"w{i:05}": np.full(3, i, np.int32) for i in range(20_000)}
    fastckpt.save(tmp_path / "m", tensors)
    with fastckpt.open(in_memory(tmp_path) + "/m") as ckpt:
        loaded = ckpt.load()
        assert loaded["w19999"].tolist() == [19_999] * 3
        assert ckpt.explain().remote.requests <= 3
        assert ckpt.verify().ok


def test_many_shards_that_a_name_claims_are_not_asked_for(tmp_path):
    fastckpt.save(tmp_path / "m-00000-of-90000", {"w": np.arange(3.0)}, format="v1")
    with pytest.raises(FileNotFoundError, match="no such object") as e:
        fastckpt.open(in_memory(tmp_path) + "/m-00000-of-90000")
    assert e.value.filename.endswith("m-89999-of-90000")


def test_state_file_that_is_too_large_is_not_read(tmp_path):
    (tmp_path / "checkpoint").write_bytes(bytes(5 << 20))
    with pytest.raises(fastckpt.CorruptionError, match="larger than"):
        fastckpt.open(in_memory(tmp_path))


def test_folder_here_that_a_url_names_is_what_is_meant(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    fastckpt.save("memory:/x/m", {"w": np.arange(3.0)})
    assert fastckpt.open("memory://x/m").io != "remote"


def test_handles_have_tokens_that_tell_versions(tmp_path):
    fastckpt.save(tmp_path / "m", {"w": np.arange(3.0), "v": np.arange(3.0)})
    url = in_memory(tmp_path)
    tokens = set()
    for _ in range(2):
        with fastckpt.open(f"{url}/m") as ckpt:
            tokens |= {str(ckpt.tensor(n).__dask_tokenize__()) for n in ("v", "w")}
    assert len(tokens) == 2
