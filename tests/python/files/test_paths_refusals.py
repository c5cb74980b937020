"""What open() says where nothing fits."""

import errno
import os
import socket

import pytest

from fastckpt.errors import CorruptionError
from fastckpt.files.resolve import resolve
from small_checkpoints import write_v1, write_v2


@pytest.mark.parametrize("content", [b"", b"text", b"\0" * 4096])
def test_a_file_that_is_no_checkpoint_is_corrupt(tmp_path, content):
    path = tmp_path / "model.ckpt"
    path.write_bytes(content)
    with pytest.raises(CorruptionError) as caught:
        resolve(path)
    assert caught.value.path == str(path)


def test_an_index_under_another_name_says_how_it_should_be_named(tmp_path):
    prefix = write_v2(tmp_path)
    os.rename(prefix + ".index", tmp_path / "weights")
    with pytest.raises(CorruptionError, match=r"not named PREFIX\.index"):
        resolve(tmp_path / "weights")


def test_data_without_an_index_asks_for_it(tmp_path):
    prefix = write_v2(tmp_path)
    os.unlink(prefix + ".index")
    for name in (prefix, prefix + ".data-00000-of-00001", prefix + ".index"):
        with pytest.raises(FileNotFoundError, match="without its index") as caught:
            resolve(name)
        assert "'model.data-00000-of-00001'" in str(caught.value)
        assert caught.value.filename == name
        assert caught.value.errno == errno.ENOENT


def test_what_an_interrupted_save_left_without_its_index_is_named(tmp_path):
    prefix = write_v2(tmp_path)
    aside = "model.data-00000-of-00001.fastckpt-0123abcd.old"
    os.rename(prefix + ".data-00000-of-00001", tmp_path / aside)
    os.remove(prefix + ".index")
    with pytest.raises(FileNotFoundError, match=f"left '{aside}': these are data"):
        resolve(prefix)


def test_a_graph_without_a_checkpoint_names_those_that_there_are(tmp_path):
    (tmp_path / "model.meta").write_bytes(b"graph")
    write_v2(tmp_path, "model-100")
    with pytest.raises(FileNotFoundError, match="has the checkpoints 'model-100'"):
        resolve(tmp_path / "model.meta")


def test_a_wrong_name_tells_the_closest_first(tmp_path):
    for name in ("other", "model-100", "mobel-200", "model-200.ckpt"):
        write_v2(tmp_path, name)
    with pytest.raises(FileNotFoundError, match=r"checkpoints 'model-200\.ckpt', 'm"):
        resolve(tmp_path / "model-200")


def test_only_some_names_are_listed(tmp_path):
    for number in range(20):
        write_v2(tmp_path, f"model-{number}")
    with pytest.raises(FileNotFoundError, match="and 15 more"):
        resolve(tmp_path / "model")


def test_of_very_many_checkpoints_the_closest_are_told(tmp_path):
    for number in range(1000):
        (tmp_path / f"model-{number}.index").touch()
    with pytest.raises(FileNotFoundError, match=r"'model-999', .* and 995 more"):
        resolve(tmp_path / "model-999x")


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"the folder '.*gone' is not there"):
        resolve(tmp_path / "gone" / "model")


def test_the_empty_name_is_not_found(tmp_path, monkeypatch):
    write_v2(tmp_path, "")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError):
        resolve("")


def test_a_fifo_a_socket_and_a_device_are_errors_at_once(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(tmp_path / "socket"))
    for path in (tmp_path / "fifo", tmp_path / "socket", "/dev/zero"):
        with pytest.raises(OSError, match="not a regular file"):
            resolve(path)
    server.close()


@pytest.mark.parametrize("name", ["model.index", "checkpoint"])
def test_a_fifo_in_the_place_of_a_file_is_an_error_at_once(tmp_path, name):
    os.mkfifo(tmp_path / name)
    with pytest.raises(OSError, match="not a regular file"):
        resolve(tmp_path / "model" if name == "model.index" else tmp_path)


def test_loops_and_dangling_links_are_os_errors(tmp_path):
    os.symlink(tmp_path / "loop", tmp_path / "loop")
    os.symlink(tmp_path / "gone", tmp_path / "dangling")
    with pytest.raises(OSError, match="symbolic links"):
        resolve(tmp_path / "loop")
    with pytest.raises(FileNotFoundError):
        resolve(tmp_path / "dangling")


def test_a_name_that_is_too_long_is_the_error_it_is(tmp_path):
    with pytest.raises(OSError, match="too long"):
        resolve(tmp_path / ("x" * 300))


def test_a_v1_name_may_use_the_whole_length(tmp_path):
    path = write_v1(tmp_path, "x" * 255)
    assert resolve(path).files == [path]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_a_permission_error(tmp_path):
    folder = tmp_path / "closed"
    folder.mkdir(mode=0)
    with pytest.raises(PermissionError):
        resolve(folder)
