"""Processes that tests start: none outlives its time.

A child that hangs would otherwise hold the whole run until somebody looks.
"""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# Less than a test may take (pyproject.toml), so that the child is what is blamed.
SECONDS = 300


def run(command: Any, **options: Any) -> subprocess.CompletedProcess[Any]:
    """Does what `subprocess.run` does, for a limited time."""
    return subprocess.run(command, **{"timeout": SECONDS, "check": False, **options})


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
