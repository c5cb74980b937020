"""Tests that measure have the machine to themselves, whoever runs beside them."""

import os
import sys
import threading

import pytest

import children
from places import TESTS
from turnstile import Turnstile

SOON = 0.2  # seconds in which what may come in would be in
LONG = 60


class Visitor:
    """A thread that goes in, and stays until it is let go."""

    def __init__(self, folder, is_alone):
        self.is_in, self._leave = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._visit, args=(folder, is_alone))
        self._thread.start()

    def _visit(self, folder, is_alone):
        with Turnstile(folder).inside(is_alone):
            self.is_in.set()
            self._leave.wait(LONG)

    def leave(self):
        self._leave.set()
        self._thread.join(LONG)


def test_ordinary_visitors_are_in_together(tmp_path):
    first, second = Visitor(tmp_path, False), Visitor(tmp_path, False)
    assert first.is_in.wait(LONG)
    assert second.is_in.wait(LONG)
    first.leave()
    second.leave()


def test_who_wants_to_be_alone_waits_and_then_nobody_passes(tmp_path):
    first = Visitor(tmp_path, False)
    assert first.is_in.wait(LONG)
    alone = Visitor(tmp_path, True)
    assert not alone.is_in.wait(SOON)
    late = Visitor(tmp_path, False)
    assert not late.is_in.wait(SOON)
    first.leave()
    assert alone.is_in.wait(LONG)
    assert not late.is_in.wait(SOON)
    alone.leave()
    assert late.is_in.wait(LONG)
    late.leave()


ONE_FILE = """
import os, time
from pathlib import Path
import pytest

def write(text):
    place = os.open("diary", os.O_WRONLY | os.O_APPEND)
    os.write(place, text.encode())
    os.close(place)

def test_both_are_there():
    write("a+")
    Path(__file__ + ".here").touch()
    end = time.monotonic() + 60
    while len(list(Path.cwd().glob("*.here"))) < 2 and time.monotonic() < end:
        time.sleep(0.01)
    write("a-")

@pytest.mark.parametrize("number", range(10))
@pytest.mark.parametrize("kind", ["a", pytest.param("s", marks=pytest.mark.serial)])
def test_it(kind, number):
    write(f"{kind}+")
    time.sleep(0.01)
    write(f"{kind}-")
"""


def most_inside(diary: str) -> dict[str, int]:
    """How many tests there were at once when a test of a kind was running."""
    inside, most = "", {"a": 0, "s": 0}
    for kind, sign in zip(diary[::2], diary[1::2], strict=True):
        inside = inside + kind if sign == "+" else inside.replace(kind, "", 1)
        for present in set(inside):
            most[present] = max(most[present], len(inside))
    return most


def test_serial_tests_of_two_processes_run_alone(tmp_path):
    pytest.importorskip("xdist")
    (tmp_path / "conftest.py").write_text("from turnstile import *")
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers =\n  serial: alone\n")
    (tmp_path / "diary").touch()
    for name in ("test_one.py", "test_two.py"):
        (tmp_path / name).write_text(ONE_FILE)
    words = ["-q", "-p", "no:cacheprovider", "-n", "2", "--dist", "loadfile"]
    done = children.run(
        [sys.executable, "-m", "pytest", *words],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path])},
        capture_output=True,
        text=True,
    )
    assert "42 passed" in done.stdout, done.stdout + done.stderr
    assert most_inside((tmp_path / "diary").read_text()) == {"a": 2, "s": 1}
