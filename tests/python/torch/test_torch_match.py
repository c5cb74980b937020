"""fastckpt.torch.match: a checkpoint into a module, each case a process."""

import os
import re
import sys

import pytest

import children
from installed import is_installed
from places import TESTS

CHILD = TESTS / "torch_match_child.py"
CASES = re.findall(r"^def (\w+)\(folder: Path\) -> None:", CHILD.read_text(), re.M)


@pytest.mark.frameworks
@pytest.mark.parametrize("case", CASES)
def test_match(case, tmp_path):
    needed = ["torch", *["transformers"][: case.startswith("bert")]]
    for name in needed:
        if not is_installed(name):
            pytest.skip(f"{name} is not installed")
    child = children.run(
        [sys.executable, CHILD, case, tmp_path],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
    )
    assert child.returncode == 0, child.stderr
