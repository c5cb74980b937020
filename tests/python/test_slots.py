"""Which tensors only an optimizer needs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fastckpt.slots import find_slots

TESTDATA = Path(__file__).parents[3] / "shared" / "testdata"
VALUE = "/.ATTRIBUTES/VARIABLE_VALUE"


def kept(names):
    slots = set(find_slots(names))
    return [name for name in names if name not in slots]


def test_slots_of_tensorflow_1_belong_to_a_variable():
    names = ["a", "a/Adam", "a/Adam_1", "b/Momentum", "a/AdamHead", "Adam", "x/Adam"]
    assert kept(names) == ["a", "b/Momentum", "a/AdamHead", "Adam", "x/Adam"]


def test_a_slot_may_stand_under_a_scope_of_its_own():
    names = ["net/w", "training/net/w/Adam", "training/beta1_power", "other/w/Adam"]
    assert kept([*names, "w"]) == ["net/w", "w"]
    assert kept(names) == ["net/w", "other/w/Adam"]


def test_counters_go_wherever_they_stand():
    names = ["global_step", "train/global_step", "beta1_power_1", "my_global_step"]
    assert kept(names) == ["my_global_step"]


def test_moving_averages_stay():
    names = ["w", "w/ExponentialMovingAverage", "w/Momentum"]
    assert kept(names) == ["w", "w/ExponentialMovingAverage"]


def test_slots_of_adafactor_on_a_mesh_go():
    names = ["w", "w_slot_vr", "w_slot_vc", "w_slot_v", "u_slot_v"]
    assert kept(names) == ["w", "u_slot_v"]


def test_slots_of_keras_in_graph_mode_go_with_their_settings():
    names = ["training/Adam/dense/kernel/m", "training/Adam/dense/kernel/v"]
    names += [f"training/Adam/{x}" for x in ("iter", "learning_rate", "beta_1")]
    names += ["dense/kernel", "LSTM/cell/m", "LSTM/iter"]
    assert kept(names) == ["dense/kernel", "LSTM/cell/m", "LSTM/iter"]


@pytest.mark.parametrize("counter", ["iter", "iterations", "_iterations"])
def test_an_optimizer_of_tensorflow_2_goes_whole(counter):
    rate = "_learning_rate" if counter[0] == "_" else "learning_rate"
    names = ["opt/" + x + VALUE for x in (counter, rate, "_variables/0", "decay")]
    names += ["model/opt/kernel" + VALUE, "model/iter" + VALUE]
    assert kept(names) == ["model/opt/kernel" + VALUE, "model/iter" + VALUE]


def test_the_wrapper_of_an_optimizer_goes_with_it():
    names = [f"k/.OPTIMIZER_SLOT/optimizer/base_optimizer/m{VALUE}"]
    names += [f"optimizer/loss_scale/good_steps{VALUE}", f"optimizers/x{VALUE}"]
    assert kept(names) == [f"optimizers/x{VALUE}"]


@pytest.mark.parametrize(
    ("item", "count", "example"),
    [
        ("cloudml-babyweight-1000", 25, "dnn/logits/bias"),
        ("deepreg-epoch10", 136, "_CHECKPOINTABLE_OBJECT_GRAPH"),
        ("keras-bert-tiny", 46, "bert/embeddings/LayerNorm/beta"),
        ("keras-lso-ckpt", 3, "layer_with_weights-0/kernel" + VALUE),
        ("tf-tensorrt-mnist", 8, "conv2d/kernel"),
        ("tract-keras-lstm", 9, "layer_with_weights-0/kernel" + VALUE),
        ("v1-siamese", 11, "conv1/weights"),
        ("v1-tensorboard-shard", 3, "linear/bias_weight"),
    ],
)
def test_real_checkpoints_keep_their_weights(item, count, example):
    expected = TESTDATA / item / "expected.json"
    if not expected.exists():
        pytest.skip("the shared test data is not here")
    rest = kept(list(json.loads(expected.read_text())["tensors"]))
    assert len(rest) == count, rest
    assert example in rest
