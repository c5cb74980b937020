"""Open, mapped checkpoints that are cut under the calls that they are given to.

Each call runs in a process of its own, where a signal is seen as one.
"""

from __future__ import annotations

import sys

import pytest

import children
import opened_source_child
from places import TESTS

NEEDED = {"convert_safetensors": "safetensors", "freeze": "google.protobuf"}


@pytest.mark.parametrize("call", opened_source_child.CALLS)
def test_a_mapped_source_that_is_cut_is_an_error_and_no_signal(call, tmp_path):
    if needed := NEEDED.get(call):
        pytest.importorskip(needed)
    child = children.run(
        [sys.executable, TESTS / "opened_source_child.py", tmp_path / "root", call],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (child.returncode, child.stdout) == (0, "done\n"), child.stderr[-3000:]
