"""Scripts that use a large library run in a process of their own.

Imported here, PyTorch and JAX would leave threads to every test that forks.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence

import pytest

import children
from installed import is_installed


def run_with(library: str, script: str, *arguments: object) -> str:
    """Gives what a script prints; skips the test where the library is missing."""
    if not is_installed(library):
        pytest.skip(f"{library} is not installed")
    child = children.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert child.returncode == 0, child.stderr
    return child.stdout


def run_cases(
    libraries: Sequence[str], *command: object, **environment: str
) -> dict[str, str | None]:
    """Gives what went wrong in each case of a script that prints this as JSON.

    One process for all cases, as large libraries take long to start. Skips the test
    where a library is missing.
    """
    for library in libraries:
        if not is_installed(library):
            pytest.skip(f"{library} is not installed")
    child = children.run(
        [sys.executable, *map(str, command)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)} | environment,
        capture_output=True,
        text=True,
    )
    assert child.returncode == 0, child.stderr[-4000:]
    found: dict[str, str | None] = json.loads(child.stdout.splitlines()[-1])
    return found
