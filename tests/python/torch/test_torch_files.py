"""fastckpt.torch: checkpoints to tensors and back, each case a process."""

import os
import pickle
import sys

import ml_dtypes
import numpy as np
import pytest

import children
import fastckpt
import tensorflow_child
from fastckpt import _native
from installed import is_installed
from places import TESTS

CASES = [
    "every_dtype_arrives",
    "tensors_are_writable_and_the_file_stays",
    "the_object_graph_is_left_out_and_that_is_said_once",
    "many_texts_are_left_out_by_one_pattern",
    "what_a_dtype_cannot_hold_is_said_once",
    "progress_is_told_on_every_device",
    "what_is_asked_for_by_name_is_refused",
    "names_drop_and_dtype_choose",
    "tensors_go_to_a_device_one_by_one",
    "odd_shapes_come_back",
    "tied_weights_are_stored_once",
    "views_of_one_memory_are_told_apart",
    "what_has_no_form_is_refused_before_anything_is_written",
    "every_dtype_comes_back",
    "a_module_comes_back",
]


@pytest.mark.frameworks
@pytest.mark.parametrize("case", CASES)
def test_torch(case, tmp_path):
    run(case, tmp_path)


def run(case, folder):
    if not is_installed("torch"):
        pytest.skip("torch is not installed")
    child = children.run(
        [sys.executable, "-W", "error", TESTS / "torch_child.py", case, folder],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert child.returncode == 0, child.stderr


def test_a_second_name_is_another_entry_of_the_same_bytes(tmp_path):
    prefix = os.fsencode(tmp_path / "m")
    writer = _native.Writer(prefix, False, 1, 1, True, 1, None)
    writer.add([(b"b", "float32", np.ones(3, np.float32), None, None)])
    writer.alias(b"a", b"b")
    for name, of in ((b"b", b"b"), (b"a", b"b"), (b"x", b"y"), (b"", b"b")):
        with pytest.raises(ValueError, match=r"before|no whole|empty"):
            writer.alias(name, of)
    writer.finish()
    with fastckpt.open(tmp_path / "m") as ckpt:
        assert ckpt.info("a").offset == ckpt.info("b").offset
        assert ckpt.verify().ok
        assert not fastckpt.examine(tmp_path / "m").findings
        both = ckpt.load(copy="on-write")
        both["a"][:] = 7
        assert both["b"].tolist() == [1, 1, 1]


def test_a_v1_file_has_no_second_names(tmp_path):
    writer = _native.Writer(os.fsencode(tmp_path / "m"), True, 1, 1, True, 1, None)
    writer.add([(b"b", "float32", np.ones(3, np.float32), None, None)])
    with pytest.raises(ValueError, match="V1"):
        writer.alias(b"a", b"b")
    writer.abort()


@pytest.mark.frameworks
@pytest.mark.tensorflow
def test_tensorflow_reads_tied_weights_under_every_name(tmp_path):
    run("tied_weights_are_stored_once", tmp_path)
    names = {b"one": "float32", b"two": "float32", b"half": "bfloat16"}
    (tmp_path / "prefixes").write_bytes(pickle.dumps({str(tmp_path / "m"): names}))
    (read,) = tensorflow_child.run("read", tmp_path).values()
    assert read[b"one"] == read[b"two"]
    assert read[b"one"][1:] == ((3,), np.arange(3, dtype=np.float32).tobytes())
    assert read[b"half"][2] == np.ones(2, ml_dtypes.bfloat16).tobytes()
