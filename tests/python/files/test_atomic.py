"""Files that are complete or not there: each step failing, kills, many writers."""

import os
import random
import subprocess
import sys
import threading
import time

import pytest

import children
from fastckpt.files.replace import replace_file, write_beside

OLD = b"old content"
NEW = b"new content, which is longer"


def write_file_beside(path, content, fsync=True):
    with write_beside(path, fsync) as beside, open(beside, "wb") as file:
        file.write(content)


both = pytest.mark.parametrize("write", [replace_file, write_file_beside])


@pytest.mark.parametrize("fsync", [True, False])
def test_the_new_content_takes_the_place_of_the_old(tmp_path, fsync):
    path = tmp_path / "file"
    for content in (OLD, NEW, b""):
        replace_file(str(path), content, fsync=fsync)
        assert path.read_bytes() == content
        assert os.listdir(tmp_path) == ["file"]


def test_a_name_without_a_folder_is_in_the_current_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    replace_file("file", NEW)
    assert (tmp_path / "file").read_bytes() == NEW


@both
def test_only_litter_of_this_very_file_is_removed(tmp_path, write):
    litter = "file.fastckpt-0123abcd.tmp"
    others = {
        "other.fastckpt-0123abcd.tmp",
        "file.fastckpt-0123abcd.old",
        "file.fastckpt-0123.tmp",
        "file.txt",
    }
    for name in (litter, *others):
        (tmp_path / name).write_bytes(OLD)
    write(str(tmp_path / "file"), NEW)
    assert set(os.listdir(tmp_path)) == {"file", *others}


@both
@pytest.mark.parametrize("name", [".", "folder", "folder/"])
def test_a_folder_in_the_way_is_named_and_nothing_is_left(
    tmp_path, monkeypatch, write, name
):
    monkeypatch.chdir(tmp_path)
    os.mkdir("folder")
    with pytest.raises(IsADirectoryError, match="a folder is in the way") as caught:
        write(name, NEW)
    assert caught.value.filename == name
    assert os.listdir(".") == ["folder"]
    assert os.listdir("folder") == []


@both
def test_a_device_or_a_pipe_is_not_replaced(tmp_path, write):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="not a regular file") as caught:
        write(str(tmp_path / "pipe"), NEW)
    assert caught.value.filename == str(tmp_path / "pipe")
    assert (tmp_path / "pipe").is_fifo()
    assert os.listdir(tmp_path) == ["pipe"]


@pytest.mark.parametrize("there", [True, False])
def test_a_link_stays_and_what_it_points_to_is_written(tmp_path, there):
    os.mkdir(tmp_path / "folder")
    if there:
        (tmp_path / "folder" / "file").write_bytes(OLD)
    os.symlink("folder/file", tmp_path / "link")
    write_file_beside(str(tmp_path / "link"), NEW)
    assert os.readlink(tmp_path / "link") == "folder/file"
    assert os.listdir(tmp_path / "folder") == ["file"]
    assert (tmp_path / "link").read_bytes() == NEW


@both
def test_what_cannot_be_written_is_told_of_the_file_that_was_asked_for(tmp_path, write):
    long = str(tmp_path / ("n" * 255))
    with pytest.raises(OSError, match="name too long") as caught:
        write(long, NEW)
    assert caught.value.filename == long


def test_an_error_of_another_file_keeps_its_name(tmp_path):
    path = str(tmp_path / "file")
    with pytest.raises(FileNotFoundError) as caught, write_beside(path, False):
        (tmp_path / "source").read_bytes()
    assert caught.value.filename == str(tmp_path / "source")
    assert os.listdir(tmp_path) == []


def test_folders_that_are_missing_are_made(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_file_beside("a/b//file", NEW)
    assert (tmp_path / "a" / "b" / "file").read_bytes() == NEW


def test_a_folder_that_is_missing_is_not_made_for_a_state_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        replace_file(str(tmp_path / "a" / "file"), NEW)
    assert os.listdir(tmp_path) == []


@both
@pytest.mark.parametrize("name", ["x.fastckpt-0123abcd.tmp", "x.fastckpt-lock"])
def test_a_name_like_those_of_our_own_files_is_refused(tmp_path, write, name):
    with pytest.raises(ValueError, match="choose another name"):
        write(str(tmp_path / name), NEW)
    assert os.listdir(tmp_path) == []


def test_a_file_where_a_folder_should_be_is_named(tmp_path):
    (tmp_path / "file").write_bytes(OLD)
    with pytest.raises(NotADirectoryError) as caught:
        write_file_beside(str(tmp_path / "file" / "new"), NEW)
    assert caught.value.filename == str(tmp_path / "file")


def test_a_file_that_is_still_written_is_no_litter(tmp_path):
    path = str(tmp_path / "file")
    with write_beside(path, False) as beside:
        with open(beside, "wb") as file:
            file.write(OLD)
        replace_file(path, NEW)
        assert (tmp_path / "file").read_bytes() == NEW
        write_file_beside(path, NEW)
    assert (tmp_path / "file").read_bytes() == OLD
    assert os.listdir(tmp_path) == ["file"]


def test_a_library_may_put_a_file_of_its_own_there(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(OLD)
    mode = path.stat().st_mode
    with write_beside(str(path), True) as beside:
        own = tmp_path / "own"
        own.write_bytes(NEW)
        own.chmod(0o600)
        own.replace(beside)
    assert path.read_bytes() == NEW
    assert path.stat().st_mode == mode


def test_many_threads_that_write_one_file_all_succeed(tmp_path):
    path, failures = str(tmp_path / "file"), []

    def write(number):
        try:
            for _ in range(50):
                replace_file(path, b"%d" % number * 100, fsync=False)
        except OSError as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(set((tmp_path / "file").read_bytes())) == 1
    assert os.listdir(tmp_path) == ["file"]


WRITER = """
import sys
from fastckpt.files.replace import replace_file, write_beside
print("started", flush=True)
while True:
    for sign in (b"a", b"b"):
        replace_file(sys.argv[1], sign * 100_000, fsync=False)
"""


def test_a_writer_that_is_killed_leaves_one_whole_file_and_no_lasting_litter(tmp_path):
    path = tmp_path / "file"
    generator = random.Random(1)
    for _ in range(8):
        command = [sys.executable, "-c", WRITER, path]
        with children.started(command, stdout=subprocess.PIPE) as child:
            assert child.stdout.readline() == b"started\n"
            time.sleep(generator.uniform(0.005, 0.05))  # then it is killed
        assert path.read_bytes() in (b"a" * 100_000, b"b" * 100_000)
        replace_file(str(path), b"a" * 100_000)
        assert os.listdir(tmp_path) == ["file"]
