"""Processes that tests start: none outlives its time.

A child that hangs would otherwise hold the whole run until somebody looks.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# Less than a test may take (pyproject.toml), so that the child is what is blamed.
SECONDS = 300


def run(command: Any, **options: Any) -> subprocess.CompletedProcess[Any]:
    """Does what `subprocess.run` does, for a limited time."""
    return subprocess.run(command, **{"timeout": SECONDS, "check": False, **options})


def run_with_tensorflow(
    file: str | Path, *arguments: object, paths: tuple[Path, ...] = (), **options: Any
) -> str:
    """Runs a file of the tests' where TensorFlow may be imported; gives its output.

    Args:
        file: The program.
        arguments: What it is called with.
        paths: Where it finds modules, before those of the tests.
        options: As `subprocess.run` has them.
    """
    found = os.pathsep.join(map(str, (*paths, Path(__file__).resolve().parent)))
    environment = os.environ | {
        "CUDA_VISIBLE_DEVICES": "-1",
        "PYTHONPATH": found,
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    done = run(
        [sys.executable, file, *map(str, arguments)],
        env=environment,
        capture_output=True,
        text=True,
        **options,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return str(done.stdout)


@contextmanager
def started(command: Any, **options: Any) -> Iterator[subprocess.Popen[Any]]:
    """Gives a running child, which is killed at the end or when its time is up."""
    with subprocess.Popen(command, **options) as child:
        timer = threading.Timer(SECONDS, child.kill)
        timer.start()
        try:
            yield child
        finally:
            timer.cancel()
            timer.join()
            child.kill()
