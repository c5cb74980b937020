"""Files that are complete or not there: each step failing, kills, many writers."""

import errno
import os
import random
import signal
import subprocess
import sys
import threading
import time

import pytest

from fastckpt.atomic import replace_file

OLD = b"old content"
NEW = b"new content, which is longer"


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


def test_file_and_folder_are_flushed_around_the_renaming(tmp_path, monkeypatch):
    calls = []
    for name in ("fsync", "replace"):
        monkeypatch.setattr(os, name, recorded(calls, name))
    replace_file(str(tmp_path / "file"), NEW)
    assert calls == ["fsync", "replace", "fsync"]
    calls.clear()
    replace_file(str(tmp_path / "file"), NEW, fsync=False)
    assert calls == ["replace"]


def recorded(calls, name):
    real = getattr(os, name)

    def call(*arguments):
        calls.append(name)
        return real(*arguments)

    return call


@pytest.mark.parametrize(
    ("name", "number"), [("open", 1), ("open", 2), ("fsync", 1), ("replace", 1)]
)
def test_a_failure_before_the_renaming_keeps_the_old_file(
    tmp_path, monkeypatch, name, number
):
    path = tmp_path / "file"
    path.write_bytes(OLD)
    fail_at(monkeypatch, name, number)
    with pytest.raises(OSError, match="no space"):
        replace_file(str(path), NEW)
    monkeypatch.undo()
    assert path.read_bytes() == OLD
    assert os.listdir(tmp_path) == ["file"]


def test_a_failure_to_flush_the_folder_is_told_and_the_new_file_is_whole(
    tmp_path, monkeypatch
):
    fail_at(monkeypatch, "fsync", 2)
    with pytest.raises(OSError, match="no space"):
        replace_file(str(tmp_path / "file"), NEW)
    assert (tmp_path / "file").read_bytes() == NEW


def fail_at(monkeypatch, name, number):
    """Makes the call of that number to a function of `os` fail."""
    real, calls = getattr(os, name), []

    def call(*arguments, **keywords):
        calls.append(arguments)
        if len(calls) == number:
            raise OSError(errno.ENOSPC, "no space")
        return real(*arguments, **keywords)

    monkeypatch.setattr(os, name, call)


def test_only_litter_of_this_very_file_is_removed(tmp_path):
    litter = "file.fastckpt-0123abcd.tmp"
    others = {
        "other.fastckpt-0123abcd.tmp",
        "file.fastckpt-0123abcd.old",
        "file.fastckpt-0123.tmp",
        "file.txt",
    }
    for name in (litter, *others):
        (tmp_path / name).write_bytes(OLD)
    replace_file(str(tmp_path / "file"), NEW)
    assert set(os.listdir(tmp_path)) == {"file", *others}


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
from fastckpt.atomic import replace_file
print("started", flush=True)
while True:
    for sign in (b"a", b"b"):
        replace_file(sys.argv[1], sign * 100_000, fsync=False)
"""


def test_a_writer_that_is_killed_leaves_one_whole_file_and_no_lasting_litter(tmp_path):
    path = tmp_path / "file"
    generator = random.Random(1)
    for _ in range(8):
        child = subprocess.Popen(
            [sys.executable, "-c", WRITER, path], stdout=subprocess.PIPE
        )
        assert child.stdout.readline() == b"started\n"
        time.sleep(generator.uniform(0.005, 0.05))
        child.send_signal(signal.SIGKILL)
        child.communicate()
        assert path.read_bytes() in (b"a" * 100_000, b"b" * 100_000)
        replace_file(str(path), b"a" * 100_000)
        assert os.listdir(tmp_path) == ["file"]


def test_a_child_forked_while_a_file_is_written_does_not_keep_the_lock(
    tmp_path, monkeypatch
):
    children, real = [], os.replace

    def replace_in_two_processes(*arguments):
        child = os.fork()
        if child == 0:
            time.sleep(60)
            os._exit(0)
        children.append(child)
        return real(*arguments)

    monkeypatch.setattr(os, "replace", replace_in_two_processes)
    path = str(tmp_path / "file")
    replace_file(path, OLD)
    monkeypatch.undo()
    second = threading.Thread(target=replace_file, args=(path, NEW))
    second.start()
    second.join(timeout=20)
    has_waited = second.is_alive()
    os.kill(children[0], signal.SIGKILL)
    os.waitpid(children[0], 0)
    second.join()
    assert not has_waited
    assert (tmp_path / "file").read_bytes() == NEW
