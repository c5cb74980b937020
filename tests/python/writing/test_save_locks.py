"""Savers beside each other: whose files are whose, and who waits for whom."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import children
import fastckpt
import preloaded
from aside_states import killed

LOCK = "m.fastckpt-lock"

# Holds the lock of the prefix until it is told to go on.
HOLDER = """
import sys
from fastckpt.files.replace import lock_prefix
with lock_prefix(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""

SAVER = """
import sys
import fastckpt
writer = fastckpt.Writer(sys.argv[1])
writer.add("w", [2])
print("ready", flush=True)
try:
    writer.finish()
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


@pytest.fixture
def start(tmp_path):
    """Starts a script for the prefix `m` and waits for its first line."""
    with contextlib.ExitStack() as stack:

        def begin(script, prefix="m"):
            command = [sys.executable, "-c", script, tmp_path / prefix]
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
            child = stack.enter_context(children.started(command, **pipes, text=True))
            assert child.stdout.readline()
            return child

        yield begin


def test_a_holder_that_is_stopped_is_waited_for(tmp_path, start):
    fastckpt.save(tmp_path / "m", {"w": [1]})
    holder = start(HOLDER)
    holder.send_signal(signal.SIGSTOP)
    saver = start(SAVER)
    with pytest.raises(subprocess.TimeoutExpired):
        saver.wait(timeout=0.5)
    with fastckpt.open(tmp_path / "m") as checkpoint:
        assert checkpoint["w"] == [1]
    holder.send_signal(signal.SIGCONT)
    holder.stdin.close()
    assert saver.wait(timeout=60) == 0
    with fastckpt.open(tmp_path / "m") as checkpoint:
        assert checkpoint["w"] == [2]


def test_an_interrupt_ends_the_wait_and_nothing_has_changed(tmp_path, start):
    fastckpt.save(tmp_path / "m", {"w": [1]})
    before = sorted(os.listdir(tmp_path))
    start(HOLDER)
    saver = start(SAVER)
    time.sleep(0.2)
    saver.send_signal(signal.SIGINT)
    assert saver.stdout.readline() == "interrupted\n"
    assert saver.wait(timeout=60) == 0
    assert sorted(os.listdir(tmp_path)) == sorted([*before, LOCK])


def test_after_a_holder_that_was_killed_the_next_goes_on(tmp_path, start):
    holder = start(HOLDER)
    holder.kill()
    holder.wait()
    assert os.listdir(tmp_path) == [LOCK]
    fastckpt.save(tmp_path / "m", {"w": [1]})
    assert LOCK not in os.listdir(tmp_path)


def test_other_prefixes_are_not_waited_for(tmp_path, start):
    start(HOLDER)
    for prefix in ("n", "m-1", "mm"):
        fastckpt.save(tmp_path / prefix, {"w": [1]})
        fastckpt.remove_checkpoint(tmp_path / prefix)
    assert os.listdir(tmp_path) == [LOCK]


def test_nobody_takes_a_lock_for_a_checkpoint(tmp_path, start):
    start(HOLDER)
    assert fastckpt.latest_checkpoint(tmp_path) is None
    assert not fastckpt.checkpoint_exists(tmp_path / "m")
    with pytest.raises(FileNotFoundError):
        fastckpt.open(tmp_path)


def test_many_savers_of_one_prefix_leave_one_whole_checkpoint(tmp_path):
    failures = []

    def save(number):
        try:
            for _ in range(10):
                values = np.full(1000, number)
                fastckpt.save(tmp_path / "m", {"w": values}, fsync=False)
        except OSError as error:
            failures.append(error)

    threads = [threading.Thread(target=save, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with fastckpt.open(tmp_path / "m") as checkpoint:
        assert len(set(checkpoint["w"])) == 1
        assert checkpoint.verify().ok
    assert sorted(os.listdir(tmp_path)) == ["m.data-00000-of-00001", "m.index"]


# What removes the checkpoint `m-1` of the folder; a line says that it begins.
REMOVERS = {
    "remove": """
print("begins", flush=True)
fastckpt.remove_checkpoint(f"{folder}/m-1")
""",
    "retention": """
saver = fastckpt.Saver(max_to_keep=1)
saver.recover_last_checkpoints([f"{folder}/m-1"])
print("begins", flush=True)
saver.save(f"{folder}/m", {"w": [3]}, 2)
""",
    "merge": """
print("begins", flush=True)
fastckpt.merge([f"{folder}/m-1"], f"{folder}/merged", delete_sources=True)
""",
}
HEAD = """
import os, sys
import fastckpt
folder = os.path.dirname(sys.argv[1])
"""

# Puts a checkpoint in place under the lock when it is told to, as a save does.
REPLACER = """
import os, sys
from fastckpt.files.replace import lock_prefix
prefix = sys.argv[1]
with lock_prefix(prefix):
    print("held", flush=True)
    sys.stdin.read()
    for ending in (".data-00000-of-00001", ".index"):
        os.replace(f"{prefix}-new{ending}", prefix + ending)
"""


def is_waited_for(lock, child):
    """Tells whether a child is at a lock, by what it did before, and lives."""
    for _ in range(600):
        if lock in locks_open(child.pid):
            return child.poll() is None
        time.sleep(0.05)
    return False


def locks_open(pid):
    """Gives the names of the locks that a process has open."""
    names, folder = set(), f"/proc/{pid}/fd"
    for number in os.listdir(folder):
        with contextlib.suppress(OSError):
            names.add(os.path.basename(os.readlink(f"{folder}/{number}")))
    return names


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("way", REMOVERS)
def test_who_removes_waits_for_the_save_under_way(tmp_path, start, way):
    fastckpt.save(tmp_path / "m-1", {"w": [1]})
    fastckpt.save(tmp_path / "m-1-new", {"w": [2]})
    saver = start(REPLACER, "m-1")
    remover = start(HEAD + REMOVERS[way], "m-1")
    assert is_waited_for("m-1.fastckpt-lock", remover)
    with fastckpt.open(tmp_path / "m-1") as checkpoint:
        assert checkpoint["w"] == [1]
    saver.stdin.close()
    assert saver.wait(timeout=60) == 0
    assert remover.wait(timeout=60) == 0
    names = [name for name in os.listdir(tmp_path) if name.startswith("m-1.")]
    if way == "merge":  # it is not what was merged
        with fastckpt.open(tmp_path / "m-1") as checkpoint:
            assert checkpoint["w"] == [2]
            assert checkpoint.verify().ok
    else:
        assert names == []


def test_what_a_live_save_is_writing_is_not_removed(tmp_path):
    (tmp_path / "m.index.fastckpt-0123abcd.tmp").touch()
    with fastckpt.Writer(tmp_path / "m") as writer:
        writer.add("w", [1])
        fastckpt.remove_checkpoint(tmp_path / "m")
        assert "m.index.fastckpt-0123abcd.tmp" not in os.listdir(tmp_path)
    with fastckpt.open(tmp_path / "m") as checkpoint:
        assert checkpoint["w"] == [1]


def test_merge_brings_no_older_checkpoint_back_where_it_deletes(tmp_path):
    killed(tmp_path / "aside", "n")
    fastckpt.save(tmp_path / "n", {"w": [1]})
    for path in (tmp_path / "aside").iterdir():
        path.rename(tmp_path / path.name)
    fastckpt.merge([tmp_path / "n"], tmp_path / "m", delete_sources=True)
    assert not fastckpt.checkpoint_exists(tmp_path / "n")
    assert not [name for name in os.listdir(tmp_path) if name.startswith("n.")]


def test_a_saver_takes_away_locks_of_removals_that_were_killed(tmp_path, start):
    others = ["n-1.fastckpt-lock", "m-x.fastckpt-lock", "m-1-2.fastckpt-lock"]
    for name in ["m-1.fastckpt-lock", "m-22.fastckpt-lock", *others]:
        (tmp_path / name).touch()
    (tmp_path / "m-3.fastckpt-lock").write_text("somebody's own")
    start(HOLDER, "m-4")
    fastckpt.Saver().save(tmp_path / "m", {"w": [1]}, 5)
    left = [name for name in os.listdir(tmp_path) if name.endswith("-lock")]
    assert sorted(left) == sorted(["m-3.fastckpt-lock", "m-4.fastckpt-lock", *others])


@pytest.mark.parametrize("name", ["m.fastckpt-0123abcd.tmp", LOCK])
def test_a_prefix_like_a_file_of_our_own_is_refused(tmp_path, name):
    with pytest.raises(ValueError, match="choose another name"):
        fastckpt.save(tmp_path / name, {"w": [1]})
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("code", ["ENOLCK", "ENOSYS", "EOPNOTSUPP", "EINVAL"])
def test_without_flock_nothing_of_a_live_save_is_removed(shim, tmp_path, code):
    preloaded.run(shim, "fault_child.py", "without_locks", tmp_path, code)
