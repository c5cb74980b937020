"""Sources that are cut, replaced or removed under the commands that copy them.

Each command runs in a process of its own, where a signal is seen as one.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

import changed_source_child
from places import TESTS

NEEDED = {"convert_safetensors": "safetensors", "freeze": "google.protobuf"}


@pytest.mark.parametrize("command", changed_source_child.COMMANDS)
def test_a_source_that_changes_is_an_error_or_copied_whole(command, tmp_path):
    if needed := NEEDED.get(command):
        pytest.importorskip(needed)
    child = subprocess.run(
        [sys.executable, TESTS / "changed_source_child.py", tmp_path / "root", command],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (child.returncode, child.stdout) == (0, "done\n"), child.stderr[-3000:]
