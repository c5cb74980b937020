"""CheckpointReader: processes that load together, each what is its own."""

import os
import sys
from contextlib import ExitStack
from subprocess import PIPE

import pytest

import children
from installed import is_installed
from places import TESTS

WRITE = "from pathlib import Path; import torch_ranks; torch_ranks.write(Path({!r}))"


@pytest.mark.frameworks
@pytest.mark.parametrize("ranks", [2, 4])
def test_processes_load_together(ranks, tmp_path):
    if not is_installed("torch"):
        pytest.skip("torch is not installed")
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(sys.path),
        "OMP_NUM_THREADS": "1",
    }
    code = WRITE.format(str(tmp_path))
    command = [sys.executable, "-c", code, tmp_path, "0", "1"]
    assert children.run(command, env=environment).returncode == 0
    script = [sys.executable, TESTS / "torch_ranks.py", tmp_path]
    with ExitStack() as stack:
        running = [
            stack.enter_context(
                children.started(
                    [*script, str(rank), str(ranks)],
                    env=environment,
                    stderr=PIPE,
                    text=True,
                )
            )
            for rank in range(ranks)
        ]
        said = [child.communicate(timeout=280)[1] for child in running]
        assert [child.returncode for child in running] == [0] * ranks, said
