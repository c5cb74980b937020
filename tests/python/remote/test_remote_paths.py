"""What a URL leads to: prefixes, files, folders, state files, SavedModels."""

from __future__ import annotations

import numpy as np
import pytest

import fastckpt

fsspec = pytest.importorskip("fsspec")

from remote_stores import in_memory  # noqa: E402 (needs fsspec)

TENSORS = {"w": np.arange(3.0)}


def opened(url: str) -> str:
    with fastckpt.open(url) as ckpt:
        np.testing.assert_array_equal(ckpt["w"], TENSORS["w"])
        return ckpt.path


def put(url: str, content: bytes) -> None:
    fsspec.filesystem("memory").pipe_file(url, content)


def test_each_of_its_files_is_the_checkpoint(tmp_path):
    fastckpt.save(tmp_path / "m.ckpt-5", TENSORS)
    (tmp_path / "m.ckpt-5.meta").write_bytes(b"")
    url = in_memory(tmp_path)
    for name in ("", ".index", ".data-00000-of-00001", ".meta"):
        assert opened(f"{url}/m.ckpt-5{name}") == f"{url}/m.ckpt-5"


@pytest.mark.parametrize("end", ["", "/", "/checkpoint"])
def test_folder_is_the_latest_of_its_state_file(end, tmp_path):
    saver = fastckpt.Saver()
    saver.save(tmp_path / "m.ckpt", TENSORS, global_step=1)
    saver.save(tmp_path / "m.ckpt", TENSORS, global_step=2)
    url = in_memory(tmp_path)
    assert opened(url + end) == f"{url}/m.ckpt-2"
    assert fastckpt.latest_checkpoint(url) == f"{url}/m.ckpt-2"
    state = fastckpt.get_checkpoint_state(url)
    assert [*state.all_model_checkpoint_paths] == [f"{url}/m.ckpt-{n}" for n in (1, 2)]


@pytest.mark.parametrize(
    "written", ["/etc/m.ckpt", "C:\\run\\m.ckpt", "gs://other/m.ckpt", "../../m.ckpt"]
)
def test_path_of_another_place_is_its_base_name_here(written, tmp_path, monkeypatch):
    fastckpt.save(tmp_path / "m.ckpt", TENSORS)
    url = in_memory(tmp_path)
    text = written.replace("\\", "\\\\")
    put(f"{url}/checkpoint", f'model_checkpoint_path: "{text}"\n'.encode())
    assert opened(url) == f"{url}/m.ckpt"
    assert fastckpt.latest_checkpoint(url) == f"{url}/m.ckpt"


def test_local_file_that_a_state_file_names_is_not_read(tmp_path):
    fastckpt.save(tmp_path / "m.ckpt", TENSORS)
    (tmp_path / "state").mkdir()
    url = in_memory(tmp_path / "state")
    state = f'model_checkpoint_path: "{tmp_path}/m.ckpt"\n'
    put(f"{url}/checkpoint", state.encode())
    with pytest.raises(FileNotFoundError, match="names a checkpoint that is not there"):
        fastckpt.open(url)
    assert fastckpt.latest_checkpoint(url) is None


def test_state_file_names_a_url_of_its_own_place(tmp_path):
    fastckpt.save(tmp_path / "m.ckpt", TENSORS)
    url, other = in_memory(tmp_path), "memory://elsewhere"
    put(f"{url}/run/checkpoint", f'model_checkpoint_path: "{url}/m.ckpt"\n'.encode())
    assert opened(f"{url}/run") == f"{url}/m.ckpt"
    put(f"{other}/checkpoint", f'model_checkpoint_path: "{url}/m.ckpt"\n'.encode())
    with pytest.raises(FileNotFoundError):
        fastckpt.open(other)


@pytest.mark.parametrize("end", ["", "/variables", "/variables/variables"])
def test_saved_model_is_its_variables(end, tmp_path):
    (tmp_path / "variables").mkdir()
    fastckpt.save(tmp_path / "variables" / "variables", TENSORS)
    url = in_memory(tmp_path)
    assert opened(url + end) == f"{url}/variables/variables"


def test_only_checkpoint_of_a_folder_is_found_by_listing(tmp_path):
    fastckpt.save(tmp_path / "m", TENSORS)
    url = in_memory(tmp_path)
    assert opened(url) == f"{url}/m"
    fastckpt.save(tmp_path / "n", TENSORS)
    with pytest.raises(FileNotFoundError, match="several checkpoints: 'm', 'n'"):
        fastckpt.open(in_memory(tmp_path))


def test_v1_shards_are_found_by_any_of_their_names(tmp_path):
    for shard in range(2):
        name = f"m-0000{shard}-of-00002"
        tensors = {"wv"[shard]: TENSORS["w"]}
        fastckpt.save(tmp_path / name, tensors, format="v1")
    url = in_memory(tmp_path)
    for name in ("m", "m-?????-of-00002", "m-00001-of-00002"):
        with fastckpt.open(f"{url}/{name}") as ckpt:
            assert list(ckpt) == ["v", "w"]
            assert len(ckpt.files) == 2
    fsspec.filesystem("memory").rm(f"{url}/m-00001-of-00002")
    with pytest.raises(FileNotFoundError, match="no such object"):
        fastckpt.open(f"{url}/m-?????-of-00002")


def test_signs_of_patterns_are_names(tmp_path):
    fastckpt.save(tmp_path / "a[0]*", TENSORS)
    url = in_memory(tmp_path)
    assert opened(f"{url}/a[0]*") == f"{url}/a[0]*"


def test_what_is_not_there_says_what_was_looked_for(tmp_path):
    fastckpt.save(tmp_path / "m.ckpt-5", TENSORS)
    url = in_memory(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"m.ckpt-6.index.*'m.ckpt-5'") as e:
        fastckpt.open(f"{url}/m.ckpt-6")
    assert e.value.filename == f"{url}/m.ckpt-6"
    assert not fastckpt.checkpoint_exists(f"{url}/m.ckpt-6")
    assert fastckpt.checkpoint_exists(f"{url}/m.ckpt-5")
    assert fastckpt.get_checkpoint_state(url) is None


def test_other_objects_and_damaged_state_files_are_named(tmp_path):
    url = in_memory(tmp_path)
    put(f"{url}/x.h5", b"\x89HDF\r\n\x1a\n" + bytes(100))
    with pytest.raises(fastckpt.CorruptionError, match="HDF5"):
        fastckpt.open(f"{url}/x.h5")
    put(f"{url}/checkpoint", b"model_checkpoint_path: ")
    with pytest.raises(fastckpt.CorruptionError, match="damaged state file"):
        fastckpt.open(url)
    put(f"{url}/empty", b"")
    with pytest.raises(fastckpt.CorruptionError, match="no checkpoint"):
        fastckpt.open(f"{url}/empty")


def test_scheme_that_nobody_knows_is_an_error():
    with pytest.raises(fastckpt.UnsupportedError, match="no file system nosuch://"):
        fastckpt.open("nosuch://x/m")


def test_missing_library_is_named(monkeypatch):
    import sys

    for name in [it for it in sys.modules if it.split(".")[0] == "fsspec"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(ImportError, match="pip install fsspec"):
        fastckpt.open("memory://x/m")


@pytest.mark.parametrize("end", ["", "/"])
def test_the_root_of_a_server_is_a_folder(end, tmp_path):
    pytest.importorskip("aiohttp")
    from range_server import RangeServer

    fastckpt.Saver().save(tmp_path / "m", {"w": np.ones(3)}, global_step=1)
    with RangeServer(tmp_path) as server:
        assert fastckpt.open(server.url + end).path == f"{server.url}/m-1"


def test_a_folder_of_very_many_names_is_not_gone_through(tmp_path, monkeypatch):
    monkeypatch.setattr("fastckpt.files.bucket_listing.MAX_NAMES", 3)
    fastckpt.save(tmp_path / "m", {"w": np.arange(3)})
    for i in range(4):
        (tmp_path / f"other{i}").write_bytes(b"x")
    url = in_memory(tmp_path)
    assert list(fastckpt.open(f"{url}/m")) == ["w"]
    with pytest.raises(fastckpt.UnsupportedError, match="more than 3 names; name the"):
        fastckpt.open(url)
