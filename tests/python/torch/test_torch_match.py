"""fastckpt.torch.match: a checkpoint into a module."""

import re

import pytest

from library_child import run_cases
from places import TESTS

CHILD = TESTS / "torch_match_child.py"
CASES = re.findall(r"^def (\w+)\(folder: Path\) -> None:", CHILD.read_text(), re.M)

pytestmark = pytest.mark.frameworks


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """What went wrong, by case."""
    folder = tmp_path_factory.mktemp("match")
    return run_cases(["torch", "transformers"], CHILD, folder)


@pytest.mark.parametrize("case", CASES)
def test_a_module(case, results):
    assert results[case] is None, results[case]
