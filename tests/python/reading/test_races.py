"""Readers that race with a saver find the old checkpoint or the new one, no mixture."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pytest

import children
import fastckpt
from places import TESTS
from race_child import NAMES

SECONDS = 2.0
# A saver saves for as long as its readers take, and is stopped then.
FOR_LONG = 1000.0


def started(
    role: str, prefix: Path, seconds: float, how: str
) -> AbstractContextManager[subprocess.Popen[str]]:
    """Starts a saver or a reader, which ends by itself."""
    words = [sys.executable, TESTS / "race_child.py", role, prefix, str(seconds), how]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return children.started(words, **pipes, text=True)


def finish(child: subprocess.Popen[str]) -> None:
    """Waits for a child; its assertions become the caller's."""
    _, err = child.communicate(timeout=150)
    assert child.returncode == 0, err[-4000:]


@pytest.fixture
def prefix(tmp_path) -> Path:
    """The prefix of a checkpoint that is there from the start."""
    fastckpt.save(tmp_path / "m", {name: np.full(50, 0) for name in NAMES})
    return tmp_path / "m"


@pytest.mark.parametrize("shards", ["one", "several"])
@pytest.mark.parametrize("how", ["mmap", "read", "pickle"])
def test_a_reader_beside_a_saver_sees_no_mixture_and_no_gap(prefix, how, shards):
    with (
        started("save", prefix, FOR_LONG, shards) as saver,
        started("read", prefix, SECONDS, how) as reader,
    ):
        finish(reader)
        if saver.poll() is not None:  # it saves no longer: it says why
            finish(saver)


def test_a_reader_beside_savers_that_are_killed_sees_no_mixture_and_no_gap(prefix):
    generator = random.Random(11)
    with started("read", prefix, 2 * SECONDS, "mmap") as reader:
        while reader.poll() is None:
            with started("save", prefix, FOR_LONG, "one"):
                time.sleep(generator.uniform(0.4, 0.8))
        finish(reader)
