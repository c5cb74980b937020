"""fastckpt.torch.match: a checkpoint into a module."""

import json
import os
import re
import sys

import pytest

import children
from installed import is_installed
from places import TESTS

CHILD = TESTS / "torch_match_child.py"
CASES = re.findall(r"^def (\w+)\(folder: Path\) -> None:", CHILD.read_text(), re.M)

pytestmark = pytest.mark.frameworks


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """What went wrong, by case; all in one process, for torch takes long to start."""
    for name in ("torch", "transformers"):
        if not is_installed(name):
            pytest.skip(f"{name} is not installed")
    child = children.run(
        [sys.executable, CHILD, tmp_path_factory.mktemp("match")],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
    )
    assert child.returncode == 0, child.stderr
    return json.loads(child.stdout.splitlines()[-1])


@pytest.mark.parametrize("case", CASES)
def test_a_module(case, results):
    assert results[case] is None, results[case]
