"""Edited checkpoints of Keras models, restored by TensorFlow and trained on.

A child process for each Keras does it all, see ``graph_programs/train_and_strip.py``.
"""

from __future__ import annotations

import functools
import json

import pytest

from graph_models import run_program
from installed import is_installed

pytestmark = [pytest.mark.tensorflow, pytest.mark.slow]

SHARED = [
    "sequential-adam",
    "functional-adam",
    "subclassed-adam",
    "nested-adam",
    "sequential-momentum",
    "sequential-sgd",
    "sequential-rmsprop",
    "sequential-schedule",
    "sequential-loss_scale",
    "nested-loss_scale",
    "subclassed-momentum",
]
OLDER = ["sequential-older_adam", "sequential-older_sgd", "sequential-older_loss_scale"]
CASES = [("keras", case) for case in [*SHARED, "sequential-averaged"]]
CASES += [("tf_keras", case) for case in [*SHARED, *OLDER]]
KERAS = ["keras", pytest.param("tf_keras", marks=pytest.mark.frameworks)]
CHECKS = 10


def with_marks(cases):
    """The pairs as parameters, of which those for the older Keras are marked."""
    marks = {"tf_keras": [pytest.mark.frameworks], "keras": []}
    return [
        pytest.param(keras, what, marks=marks[keras], id=f"{keras}-{what}")
        for keras, what in cases
    ]


@functools.cache
def run_all(keras, folder):
    if not is_installed(keras):
        pytest.skip(f"{keras} is not installed")
    printed = run_program("train_and_strip.py", keras, folder)
    return json.loads(printed.partition("RESULTS")[2])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("trained")


def wrong(results):
    return "\n".join(f"{name}: {error}" for name, error in results.items() if error)


@pytest.mark.parametrize(("keras", "case"), with_marks(CASES))
def test_what_is_left_of_a_trained_model_restores_and_trains_on(keras, case, folder):
    results = run_all(keras, folder / keras)[case]
    assert len(results) == CHECKS
    assert wrong(results) == ""


@pytest.mark.parametrize("keras", KERAS)
def test_no_case_is_left_out(keras, folder):
    found = run_all(keras, folder / keras).keys() - {"others"}
    assert found == {case for each, case in CASES if each == keras}


@pytest.mark.parametrize(
    ("keras", "what"),
    with_marks(
        [
            ("keras", "export"),
            ("keras", "other_holders"),
            ("tf_keras", "export"),
            ("tf_keras", "other_holders"),
            ("tf_keras", "weights"),
        ]
    ),
)
def test_what_other_programs_save_is_understood(keras, what, folder):
    assert run_all(keras, folder / keras)["others"][what] == ""
