"""The stand-in and TensorFlow, call by call: the same values, the same errors."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from pathlib import Path

import pytest

import children
from tensorflow_calls import CALLS

pytestmark = pytest.mark.tensorflow

TESTS = Path(__file__).resolve().parents[2]


def _run(*arguments):
    paths = [str(TESTS), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = os.environ | {
        "CUDA_VISIBLE_DEVICES": "-1",
        "PYTHONPATH": os.pathsep.join(paths),
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    done = children.run(
        [sys.executable, "-m", *map(str, arguments)],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    if importlib.util.find_spec("tensorflow") is None:
        pytest.skip("TensorFlow is not installed")
    folder = tmp_path_factory.mktemp("calls")
    samples = folder / "samples"
    _run("tensorflow_calls.samples", samples)
    return {
        library: json.loads(
            _run("tensorflow_calls", library, samples, folder / f"by_{library}")
        )
        for library in ("tensorflow", "fastckpt")
    }


@pytest.mark.parametrize("call", CALLS)
def test_a_call_gives_what_tensorflow_gives(outcomes, call):
    assert outcomes["fastckpt"][call] == outcomes["tensorflow"][call]
