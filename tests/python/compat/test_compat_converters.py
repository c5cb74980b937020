"""Unmodified converters of others: the stand-in gives what TensorFlow gives.

Needs what tests/requirements-frameworks.txt lists, here or in another environment
whose interpreter FASTCKPT_CONVERTERS_PYTHON names.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

import children
from converters.families import FAMILIES
from installed import is_installed

pytestmark = [pytest.mark.tensorflow, pytest.mark.slow]

TESTS = Path(__file__).resolve().parents[2]
PYTHON = os.environ.get("FASTCKPT_CONVERTERS_PYTHON", sys.executable)
NEEDED = ("tensorflow", "torch", "transformers")


def _run(*arguments):
    import fastckpt

    package = Path(fastckpt.__file__).parents[1]
    environment = os.environ | {
        "CUDA_VISIBLE_DEVICES": "-1",
        "PYTHONPATH": os.pathsep.join([str(TESTS), str(package)]),
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    done = children.run(
        [PYTHON, "-m", "converters", *map(str, arguments)],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def parameters(tmp_path_factory):
    """Digests of the parameters: as written, and as each library loads them."""
    missing = [name for name in NEEDED if not is_installed(name)]
    if sys.executable == PYTHON and missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    folder = tmp_path_factory.mktemp("converters")
    return {
        "written": _run("write", folder),
        "tensorflow": _run("load", "tensorflow", folder),
        "fastckpt": _run("load", "fastckpt", folder),
        "rules": _run("match", folder),
    }


@pytest.mark.parametrize("family", FAMILIES)
def test_a_converter_loads_the_same_bits_as_with_tensorflow(parameters, family):
    assert parameters["fastckpt"][family] == parameters["tensorflow"][family]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_converter_loads_every_parameter_that_was_written(parameters, family):
    written = parameters["written"][family]
    assert len(written) > 20
    assert parameters["fastckpt"][family] == written


@pytest.mark.parametrize("family", FAMILIES)
def test_rules_load_what_the_converter_loads(parameters, family):
    assert parameters["rules"][family] == parameters["written"][family]
