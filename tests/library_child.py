"""Scripts that use a large library run in a process of their own.

Imported here, PyTorch and JAX would leave threads to every test that forks.
"""

from __future__ import annotations

import sys

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
