"""Which tensors only an optimizer needs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fastckpt.objects.slot_names import find_slots

TESTDATA = Path(__file__).parents[4] / "shared" / "testdata"
VALUE = "/.ATTRIBUTES/VARIABLE_VALUE"


def kept(names):
    slots = set(find_slots(names))
    return [name for name in names if name not in slots]


def kept_of_shapes(shapes):
    slots = set(find_slots(shapes, shapes))
    return [name for name in shapes if name not in slots]


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


def test_what_a_model_calls_like_an_optimizer_stays():
    names = ["optimizer/kernel", "adam_layer/kernel", "Adam/dense/kernel", "adam/m"]
    assert kept(names) == names


def test_what_lies_beside_the_settings_of_keras_stays():
    names = ["Trainer/iter", "Trainer/learning_rate", "Trainer/dense/kernel"]
    assert kept(names) == ["Trainer/dense/kernel"]


def test_settings_and_counters_are_scalars():
    shapes = {"Adam/iter": (), "Adam/learning_rate": (), "Adam/decay": (3,)}
    shapes |= {"global_step": (), "x/global_step": (2,), "beta1_power": (1,)}
    assert kept_of_shapes(shapes) == ["Adam/decay", "x/global_step", "beta1_power"]


def test_a_slot_has_the_shape_of_its_variable():
    shapes = {"w": (2, 3), "w/Adam": (2, 3), "w/Momentum": (3,), "w/Adafactor": (2,)}
    shapes |= {"w_slot_vr": (2,), "w_slot_m": (7,), "Net/w/linear": (9, 9)}
    assert kept_of_shapes(shapes) == ["w", "w/Momentum", "w_slot_m", "Net/w/linear"]


def test_a_slot_under_a_scope_has_the_shape_of_the_variable_that_fits():
    shapes = {"a/w": (2,), "w": (3,), "a/w/Adam": (3,), "b/w/Adam": (2,)}
    assert kept_of_shapes(shapes) == ["a/w", "w", "b/w/Adam"]


def test_weights_that_only_an_optimizer_leads_to_stay():
    names = [f"optimizer/_trainable_variables/{i}{VALUE}" for i in range(2)]
    names += [f"optimizer/{x}{VALUE}" for x in ("net/kernel", "others/0")]
    own = ("_iterations", "_learning_rate", "_variables/2", "inner_optimizer/iter")
    assert kept(names + [f"optimizer/{x}{VALUE}" for x in own]) == names


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
