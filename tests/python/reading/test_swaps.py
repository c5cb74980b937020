"""A save that falls between two calls of a reader: old values, new, or an error."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from places import TESTS

CASES = [
    "swap_before_the_shard",
    "swap_before_the_shard_of_an_unpickled_one",
    "half_swap_before_the_shard",
    "swap_and_back_before_the_shard_is_checked",
    "set_aside_behind_its_index",
    "put_back_before_the_shard",
    "set_aside_before_the_index",
    "put_back_before_the_index",
    "shard_that_moves_each_time",
    "index_that_moves_each_time",
    "v1_shards",
]


@pytest.fixture(scope="module")
def shim(tmp_path_factory) -> Path:
    """The library that tells when a file is opened."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or not sys.platform.startswith("linux"):
        pytest.skip("faults need a C compiler and Linux's LD_PRELOAD")
    library = tmp_path_factory.mktemp("shim") / "faults.so"
    source = TESTS / "faults.c"
    subprocess.run(
        [compiler, "-O1", "-shared", "-fPIC", "-o", library, source, "-ldl"],
        check=True,
        timeout=120,
    )
    return library


@pytest.mark.parametrize("io", ["mmap", "read"])
@pytest.mark.parametrize("case", CASES)
def test_a_save_between_two_calls_makes_no_mixture(shim, tmp_path, case, io):
    done = subprocess.run(
        [sys.executable, TESTS / "swap_child.py", case, tmp_path, io],
        env=os.environ | {"LD_PRELOAD": str(shim), "ASAN_OPTIONS": "detect_leaks=0"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-4000:]
