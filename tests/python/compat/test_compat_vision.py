"""Rules for image models: the other library's gives what the original gives.

Needs Keras and torch, and of timm and efficientnet_pytorch what is to be tested, here
or in another environment whose interpreter FASTCKPT_VISION_PYTHON names.
"""

import json
import os
import sys
from pathlib import Path

import pytest

import children
import fastckpt
from installed import is_installed
from places import ROOT, TESTS

NAMES = [
    "efficientnet_b0",
    "efficientnet_pytorch",
    "inception_v3",
    "mobilenet_v3",
    "simclr",
]
PYTHON = os.environ.get("FASTCKPT_VISION_PYTHON", sys.executable)

pytestmark = [pytest.mark.frameworks, pytest.mark.slow]


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """What went wrong, by rules; one process for all."""
    others = ("timm", "efficientnet_pytorch")
    if sys.executable == PYTHON:
        missing = [name for name in ("keras", "torch") if not is_installed(name)]
        if missing:
            pytest.skip(f"not installed: {', '.join(missing)}")
        if not any(map(is_installed, others)):
            pytest.skip(f"not installed: {', '.join(others)}")
    package = Path(fastckpt.__file__).parents[1]
    child = children.run(
        [
            *(PYTHON, TESTS / "vision_child.py"),
            *(tmp_path_factory.mktemp("vision"), ROOT / "docs" / "matching"),
        ],
        env=os.environ
        | {
            "CUDA_VISIBLE_DEVICES": "-1",
            "OMP_NUM_THREADS": "1",
            "PYTHONPATH": os.pathsep.join([str(TESTS), str(package)]),
        },
        capture_output=True,
        text=True,
    )
    assert child.returncode == 0, child.stderr[-4000:]
    return json.loads(child.stdout.splitlines()[-1])


@pytest.mark.parametrize("name", NAMES)
def test_a_model_gives_what_the_original_gives(name, results):
    said = results[name]
    if said is not None and said.startswith("skip: "):
        pytest.skip(said.removeprefix("skip: "))
    assert said is None, said
