"""Children that run with `faults.c` preloaded."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

import children
from places import TESTS


def build(folder: Path) -> Path:
    """Makes the library; skips the test where that cannot be."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or not sys.platform.startswith("linux"):
        pytest.skip("faults need a C compiler and Linux's LD_PRELOAD")
    library = folder / "faults.so"
    source = TESTS / "faults.c"
    children.run(
        [compiler, "-O1", "-shared", "-fPIC", "-o", library, source, "-ldl"],
        check=True,
    )
    return library


def environment(shim: Path) -> dict[str, str]:
    """Gives the environment of a child; a sanitizer's library comes first."""
    libraries = f"{os.environ.get('LD_PRELOAD', '')} {shim}".strip()
    return os.environ | {"LD_PRELOAD": libraries, "ASAN_OPTIONS": "detect_leaks=0"}


def run(shim: Path, script: str, *arguments: object) -> str:
    """Runs a script of this folder; its assertions become the caller's."""
    done = children.run(
        [sys.executable, TESTS / script, *map(str, arguments)],
        env=environment(shim),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout
