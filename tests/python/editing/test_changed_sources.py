"""Sources that are cut, replaced or removed under the calls that copy them.

Each call runs in a process of its own, where a signal is seen as one.
"""

from __future__ import annotations

import sys

import pytest

import changed_source_child
import children
import opened_source_child
from places import TESTS

NEEDED = {"convert_safetensors": "safetensors", "freeze": "google.protobuf"}


def run_alone(program, folder, call):
    if needed := NEEDED.get(call):
        pytest.importorskip(needed)
    child = children.run(
        [sys.executable, TESTS / program, folder, call], capture_output=True, text=True
    )
    assert (child.returncode, child.stdout) == (0, "done\n"), child.stderr[-3000:]


@pytest.mark.parametrize("command", changed_source_child.COMMANDS)
def test_a_source_that_changes_is_an_error_or_copied_whole(command, tmp_path):
    run_alone("changed_source_child.py", tmp_path / "root", command)


@pytest.mark.parametrize("call", opened_source_child.CALLS)
def test_a_mapped_source_that_is_cut_is_an_error_and_no_signal(call, tmp_path):
    run_alone("opened_source_child.py", tmp_path / "root", call)
