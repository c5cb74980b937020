"""fastckpt.keras.load_weights: what Keras 2 wrote, in Keras 3 without TensorFlow."""

import json
import os
import sys

import numpy as np
import pytest
from safetensors.numpy import load_file

import children
import fastckpt
import fastckpt.keras
from installed import is_installed
from keras_models import PREDICTED, REFUSED, cases
from library_child import run_cases
from places import TESTS

CHILD = TESTS / "keras_child.py"
ENVIRONMENT = os.environ | {
    "PYTHONPATH": os.pathsep.join(sys.path),
    "CUDA_VISIBLE_DEVICES": "-1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}
FUNCTIONAL = ["functional", "convolutions", "recurrent", "attention"]
CASES = [*cases(CHILD), *REFUSED, *PREDICTED]

pytestmark = pytest.mark.frameworks


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The checkpoints; one process writes all, for TensorFlow takes long to start."""
    for name in ("keras", "tensorflow", "tf_keras"):
        if not is_installed(name):
            pytest.skip(f"{name} is not installed")
    folder = tmp_path_factory.mktemp("keras")
    child = children.run(
        [sys.executable, TESTS / "keras2_child.py", folder],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
    )
    assert child.returncode == 0, child.stderr[-4000:]
    return folder


@pytest.fixture(scope="module")
def results(written):
    """What went wrong, by backend and case; one process for each backend."""
    found = {}

    def run(backend: str):
        if backend not in found:
            environment = ENVIRONMENT | {"KERAS_BACKEND": backend}
            found[backend] = run_cases([backend], CHILD, written, **environment)
        return found[backend]

    return run


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("backend", ["torch", "jax"])
def test_without_tensorflow(backend, case, results):
    assert results(backend)[case] is None, results(backend)[case]


def test_a_saved_model_calls_variables_by_their_stored_full_names(written):
    expected = json.loads((written / "names.json").read_text())["saved_layers"]
    with fastckpt.open(written / "saved_layers") as ckpt:
        named = {it.path: it for it in ckpt.objects.by_key().values()}
        for name, total in expected:
            assert named[name].value().sum(dtype=float) == pytest.approx(total)


@pytest.mark.parametrize("model", ["sequential", *FUNCTIONAL])
@pytest.mark.parametrize("ending", ["", ".npz", ".safetensors"])
def test_convert_calls_layers_as_keras_2_does(model, ending, written, tmp_path):
    expected = dict(json.loads((written / "names.json").read_text())[model])
    target = tmp_path / f"new{ending}"
    drop = ["_CHECKPOINTABLE_OBJECT_GRAPH"]
    fastckpt.convert(written / model, target, names="objects", drop=drop)
    if ending == ".npz":
        found = dict(np.load(target))
    elif ending == ".safetensors":
        found = load_file(target)
    else:
        found = fastckpt.load(target)
    sums = {name: float(np.sum(it, dtype=float)) for name, it in found.items()}
    assert sums == expected


def test_importing_it_imports_no_keras():
    code = "import sys, fastckpt.keras; assert 'keras' not in sys.modules"
    assert children.run([sys.executable, "-c", code], env=ENVIRONMENT).returncode == 0


def test_a_missing_keras_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "keras", None)
    with pytest.raises(ImportError, match="pip install keras"):
        fastckpt.keras.load_weights(None, tmp_path / "m")
