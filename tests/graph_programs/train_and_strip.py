"""Trains models, edits their checkpoints, restores those and trains on.

    python train_and_strip.py keras|tf_keras FOLDER

Prints JSON: {case: {check: "" or what was wrong}}. A case is a kind of model and a kind
of optimizer. Everything is restored into objects made anew, as a program would.
"""

from __future__ import annotations

import importlib
import json
import sys
import traceback

import numpy as np
import tensorflow as tf

import fastckpt

keras = importlib.import_module(sys.argv[1])
FOLDER = sys.argv[2]
IS_3 = sys.argv[1] == "keras"
layers, optimizers = keras.layers, keras.optimizers

RANDOM = np.random.default_rng(7)
X = RANDOM.random((16, 8), np.float32)
Y = RANDOM.random((16, 2), np.float32)


def sequential():
    return keras.Sequential(
        [
            keras.Input((8,)),
            layers.Dense(6),
            layers.BatchNormalization(),
            layers.Dense(2),
        ]
    )


def functional():
    first = keras.Input((8,))
    inner = layers.Dense(6, name="first")(first)
    left = layers.Dense(4)(layers.BatchNormalization()(inner))
    return keras.Model(first, layers.Dense(2)(layers.Concatenate()([left, inner])))


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.first, self.norm = layers.Dense(6), layers.BatchNormalization()
        self.optimizer_net = layers.Dense(2)  # a name that looks like another thing

    def call(self, inputs, training=False):
        return self.optimizer_net(self.norm(self.first(inputs), training=training))


class Block(layers.Layer):
    """A layer with a list of layers, which Keras 3 does not show to TensorFlow."""

    def __init__(self):
        super().__init__()
        self.parts = [layers.Dense(5), layers.Dense(5)]

    def build(self, shape):
        self.scale = self.add_weight(shape=(5,), name="scale", initializer="ones")
        self.parts[0].build(shape)
        self.parts[1].build((None, 5))
        super().build(shape)

    def call(self, inputs):
        for part in self.parts:
            inputs = part(inputs)
        return inputs * self.scale


class Nested(keras.Model):
    def __init__(self):
        super().__init__()
        self.block = Block()
        self.inner = keras.Sequential([layers.Dense(4), layers.BatchNormalization()])
        self.out = layers.Dense(2)

    def call(self, inputs, training=False):
        return self.out(self.inner(self.block(inputs), training=training))


MODELS = {
    "sequential": sequential,
    "functional": functional,
    "subclassed": Subclassed,
    "nested": Nested,
}
OPTIMIZERS = {
    "adam": lambda: optimizers.Adam(0.01),
    "momentum": lambda: optimizers.SGD(0.01, momentum=0.9),
    "sgd": lambda: optimizers.SGD(0.01),
    "rmsprop": lambda: optimizers.RMSprop(0.01, momentum=0.5, centered=True),
}
if IS_3:
    scaled = optimizers.LossScaleOptimizer
    OPTIMIZERS["averaged"] = lambda: optimizers.Adam(0.01, use_ema=True)
else:
    scaled = keras.mixed_precision.LossScaleOptimizer
    OPTIMIZERS["older_adam"] = lambda: optimizers.legacy.Adam(0.01)
    OPTIMIZERS["older_sgd"] = lambda: optimizers.legacy.SGD(0.01)
    OPTIMIZERS["older_loss_scale"] = lambda: scaled(optimizers.legacy.Adam(0.01))
schedule = optimizers.schedules.ExponentialDecay(0.01, 10, 0.5)
OPTIMIZERS["schedule"] = lambda: optimizers.Adam(schedule)
OPTIMIZERS["loss_scale"] = lambda: scaled(optimizers.Adam(0.01))

CASES = [(model, "adam") for model in MODELS]
CASES += [("sequential", name) for name in OPTIMIZERS if name != "adam"]
CASES += [("nested", "loss_scale"), ("subclassed", "momentum")]


def train(model, optimizer, steps):
    for _ in range(steps):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((model(X, training=True) - Y) ** 2)
        variables = model.trainable_variables
        gradients = tape.gradient(loss, variables)
        optimizer.apply_gradients(zip(gradients, variables, strict=True))


def make(model, optimizer=None):
    """Makes a model and an optimizer anew, with variables."""
    made = MODELS[model]()
    made(X)
    chosen = OPTIMIZERS[optimizer]() if optimizer else None
    if hasattr(chosen, "build"):
        chosen.build(made.trainable_variables)
    elif chosen is not None:
        chosen._create_all_weights(made.trainable_variables)
    return made, chosen


def value_of(variable):
    return variable.numpy()


class Case:
    """One model that was trained with one optimizer, and its checkpoint."""

    def __init__(self, model, optimizer):
        self.kind, self.optimizer_kind = model, optimizer
        self.prefix = f"{FOLDER}/{model}-{optimizer}"
        self.model, self.optimizer = make(model, optimizer)
        train(self.model, self.optimizer, 3)
        self.model.optimizer = self.optimizer  # as compile() does
        saved = tf.train.Checkpoint(
            model=self.model, optimizer=self.optimizer, step=tf.Variable(3)
        )
        self.path = saved.save(self.prefix)
        self.output = np.array(self.model(X))
        # Keras 3 shows TensorFlow no lists of layers, except through optimizers.
        self.hangs_on_model = not (IS_3 and model == "nested")

    def run(self):
        for name in dir(self):
            if name.startswith("check_"):
                try:
                    getattr(self, name)()
                    yield name.removeprefix("check_"), ""
                except Exception:
                    yield name.removeprefix("check_"), traceback.format_exc(limit=-3)

    def restore(self, path, *, with_optimizer):
        model, optimizer = make(self.kind, self.optimizer_kind)
        held = {"model": model, "step": tf.Variable(0)}
        if with_optimizer:
            held["optimizer"] = optimizer
        status = tf.train.Checkpoint(**held).restore(path)
        return model, optimizer, status

    def assert_same_output(self, model):
        np.testing.assert_array_equal(np.array(model(X)), self.output)

    def strip(self):
        path = f"{self.prefix}-stripped"
        self.dropped = fastckpt.strip(self.path, path)
        return path

    def check_a_stripped_model_restores_and_all_is_consumed(self):
        if self.hangs_on_model:
            model, _, status = self.restore(self.strip(), with_optimizer=False)
            status.assert_consumed()
            self.assert_same_output(model)

    def check_a_stripped_model_restores_beside_its_optimizer_and_trains_on(self):
        model, optimizer, status = self.restore(self.strip(), with_optimizer=True)
        status.expect_partial()
        if self.hangs_on_model:
            self.assert_same_output(model)
            expected, fresh = make(self.kind, self.optimizer_kind)
            expected.set_weights(self.model.get_weights())
        else:  # of the list's layers all but those that are not trained
            for new, old in zip(
                model.trainable_variables, self.model.trainable_variables, strict=True
            ):
                np.testing.assert_array_equal(value_of(new), value_of(old))
            expected, fresh = make(self.kind, self.optimizer_kind)
            expected.set_weights(model.get_weights())
        train(model, optimizer, 2)
        train(expected, fresh, 2)
        for new, old in zip(model.get_weights(), expected.get_weights(), strict=True):
            np.testing.assert_allclose(new, old, rtol=1e-5, atol=1e-6)

    def check_every_weight_is_left_and_every_other_value_is_gone(self):
        self.strip()
        with fastckpt.open(self.path) as old:
            left = [name for name in old if name not in self.dropped]
            kept = {old[name].tobytes() for name in left}
            weights = list(map(value_of, self.model.weights))
            if not self.hangs_on_model:
                weights = list(map(value_of, self.model.trainable_variables))
            assert {weight.tobytes() for weight in weights} <= kept
            extra = ("_CHECKPOINTABLE_OBJECT_GRAPH", "save_counter/", "step/")
            assert sum(not name.startswith(extra) for name in left) <= len(
                self.model.weights
            ), left

    def check_the_stripped_object_graph_knows_all_that_is_left(self):
        with fastckpt.open(self.strip()) as ckpt:
            objects = ckpt.objects
            assert objects.missing == []
            keys = {node.key for node in objects.values()}
            assert keys == set(ckpt) - {"_CHECKPOINTABLE_OBJECT_GRAPH"}
            assert not any(node.slots for node in objects.values())
            assert ckpt.verify().ok

    def check_stripping_twice_leaves_out_nothing_more(self):
        path = self.strip()
        assert fastckpt.strip(path, f"{path}-again") == []

    def check_other_keys_are_found_through_the_object_graph(self):
        with fastckpt.open(self.path) as ckpt:
            names = [n for n in ckpt if n != "_CHECKPOINTABLE_OBJECT_GRAPH"]
        path = f"{self.prefix}-renamed"
        end = "/.ATTRIBUTES/VARIABLE_VALUE"
        renamed = {n: f"new/{i}{end}" for i, n in enumerate(names)}
        fastckpt.rewrite(self.path, path, rename=renamed, shards=2)
        self.assert_all_restored(path)

    def check_a_mean_restores(self):
        path = f"{self.prefix}-mean"
        fastckpt.rewrite(self.path, f"{self.prefix}-other")
        fastckpt.average([self.path, f"{self.prefix}-other"], path)
        self.assert_all_restored(path)

    def check_a_converted_checkpoint_restores(self):
        from fastckpt.cli import main

        path = f"{self.prefix}-converted"
        words = ["convert", self.path, path, "--shards", "3", "--align", "64"]
        assert main(words) == 0
        self.assert_all_restored(path)

    def assert_all_restored(self, path):
        model, optimizer, status = self.restore(path, with_optimizer=True)
        if self.hangs_on_model:
            status.assert_consumed()
            self.assert_same_output(model)
        variables = optimizer.variables
        variables = variables() if callable(variables) else variables
        theirs = self.optimizer.variables
        theirs = theirs() if callable(theirs) else theirs
        for new, old in zip(variables, theirs, strict=True):
            np.testing.assert_array_equal(value_of(new), value_of(old))

    def check_what_select_left_restores(self):
        """Without the model's moving means, which stay what they were."""
        if self.hangs_on_model:
            path = f"{self.prefix}-selected"
            fastckpt.rewrite(self.path, path, drop=["*moving_mean*"])
            model, _, status = self.restore(path, with_optimizer=True)
            status.expect_partial()
            for new, old in zip(model.weights, self.model.weights, strict=True):
                is_same = np.array_equal(value_of(new), value_of(old))
                assert is_same == ("moving_mean" not in new.name), new.name

    def check_slots_are_joined_to_their_variables(self):
        lists = {
            "adam": {"m": "_momentums", "v": "_velocities"},
            "averaged": {"m": "_momentums", "v": "_velocities"},
            "momentum": {"m": "momentums"},
            "rmsprop": {"velocity": "_velocities", "momentum": "_momentums"},
        }.get(self.optimizer_kind, {})
        if self.optimizer_kind == "older_adam":
            self.assert_slots({"m", "v"}, {})
        for name, attribute in lists.items():
            kept = getattr(self.optimizer, attribute)
            self.assert_slots(None, {name: kept})

    def assert_slots(self, names, lists):
        with fastckpt.open(self.path) as ckpt:
            nodes = list(ckpt.objects.values())
            by_value = {node.value().tobytes(): node for node in nodes}
            full_names = [node.full_name for node in nodes]
            for i, variable in enumerate(self.model.trainable_variables):
                node = by_value[value_of(variable).tobytes()]
                slots = node.slots
                if not IS_3 and lists and full_names.count(node.full_name) > 1:
                    assert slots == {}  # names alone would tell, and do not
                    continue
                if names is not None:
                    assert slots.keys() == names
                for kept in lists.values():
                    found = [slot.value().tobytes() for slot in slots.values()]
                    assert value_of(kept[i]).tobytes() in found, list(slots)


def run_weights():
    """Weights alone, as Keras 2 saves them in TensorFlow's format."""
    model, optimizer = make("sequential", "older_adam")
    train(model, optimizer, 2)
    model.optimizer = optimizer
    model.save_weights(f"{FOLDER}/weights", save_format="tf")
    dropped = fastckpt.strip(f"{FOLDER}/weights", f"{FOLDER}/weights-stripped")
    assert len(dropped) == 5 + 2 * len(model.trainable_variables), dropped
    fresh, _ = make("sequential")
    fresh.load_weights(f"{FOLDER}/weights-stripped").assert_consumed()
    np.testing.assert_array_equal(np.array(fresh(X)), np.array(model(X)))


def run_other_holders():
    """Optimizers of which no key says so, and what is none though it looks like one."""
    model, optimizer = make("sequential", "adam")
    train(model, optimizer, 1)
    trainer = tf.Module()
    trainer.iter = tf.Variable(1.0)
    trainer.learning_rate = tf.Variable(0.5)
    trainer.decay = tf.Variable(0.25)
    trainer.net = model
    trainer.tool = optimizer
    saved = tf.train.Checkpoint(optimizer=trainer)
    path = saved.save(f"{FOLDER}/trainer")
    dropped = fastckpt.strip(path, f"{path}-stripped")
    assert dropped
    assert all(key.startswith("optimizer/tool/") for key in dropped), dropped
    fresh, _ = make("sequential")
    other = tf.Module()
    other.iter, other.learning_rate = tf.Variable(0.0), tf.Variable(0.0)
    other.decay, other.net = tf.Variable(0.0), fresh
    status = tf.train.Checkpoint(optimizer=other).restore(f"{path}-stripped")
    status.assert_consumed()
    np.testing.assert_array_equal(np.array(fresh(X)), np.array(model(X)))
    alone = tf.train.Checkpoint(tool=OPTIMIZERS["sgd"]()).write(f"{FOLDER}/alone")
    refused = ""
    try:
        fastckpt.strip(alone, f"{alone}-stripped")
    except ValueError as error:
        refused = str(error)
    assert "nothing would be left" in refused


def run_export():
    """A SavedModel, whose variables Keras 3 stores twice."""
    model, optimizer = make("sequential", "adam")
    train(model, optimizer, 1)
    if IS_3:
        model.export(f"{FOLDER}/export", verbose=False)
    else:
        model.save(f"{FOLDER}/export", save_format="tf")
    with fastckpt.open(f"{FOLDER}/export") as ckpt:
        found = [node.value().tobytes() for node in ckpt.objects.values()]
        weights = [value_of(weight).tobytes() for weight in model.weights]
        assert len(found) == len(set(found)), len(found)
        assert set(weights) <= set(found)
        if IS_3:
            assert len(found) == len(weights)
            nested = ckpt.objects.nested()
            assert sum(map(len, nested.values())) == len(weights), nested
            assert ckpt.objects["variables/0"].value().tobytes() in found
            twin = ckpt.objects["_all_variables/0"]
            assert twin.key.startswith("variables/")


def run_function(function):
    try:
        function()
    except Exception:
        return traceback.format_exc(limit=-3)
    return ""


def main():
    results = {}
    for model, optimizer in CASES:
        results[f"{model}-{optimizer}"] = dict(Case(model, optimizer).run())
    others = {"export": run_export, "other_holders": run_other_holders}
    if not IS_3:
        others["weights"] = run_weights
    results["others"] = {name: run_function(it) for name, it in others.items()}
    print("RESULTS", json.dumps(results))


if __name__ == "__main__":
    main()
