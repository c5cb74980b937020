"""What Keras 2 and TensorFlow write for the tests: `python keras2_child.py FOLDER`.

Leaves checkpoints of all of keras_models, and in FOLDER/outputs.npz what the models
give.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import numpy as np
import tensorflow as tf
import tf_keras

from keras_models import MODELS, call, random, randomize, small

FOLDER = Path(sys.argv[1])


def write_models() -> None:
    outputs = {}
    names = {}
    for name, make in MODELS.items():
        tf_keras.layers.Dense(1)  # so that default names count from elsewhere
        model, inputs = make(tf_keras)
        if name != "normalization":
            randomize(model)
        outputs[name] = call(model, inputs)
        names[name] = [
            (it.name.removesuffix(":0"), float(np.sum(it.numpy(), dtype=float)))
            for it in model.weights
        ]
        # Alternately, for both are the same graph below another root.
        model.save_weights(FOLDER / name)
        tf.train.Checkpoint(model=model, step=tf.Variable(1)).write(
            FOLDER / f"{name}-c"
        )
    model, inputs = MODELS["sequential"](tf_keras)
    model.compile("adam", "mse", metrics=["mae"])
    model.fit(inputs, random(5, 2), verbose=0)
    model.save(FOLDER / "saved_model", save_format="tf")
    model.save_weights(FOLDER / "trained")
    outputs["saved_model"] = outputs["trained"] = call(model, inputs)
    model, _ = MODELS["attention"](tf_keras)  # its layers hold others
    randomize(model)
    model.save(FOLDER / "saved_layers", save_format="tf", include_optimizer=False)
    names["saved_layers"] = [
        (it.name.removesuffix(":0"), float(np.sum(it.numpy(), dtype=float)))
        for it in model.weights
    ]
    for name in ("functional", "attention", "convolutions", "recurrent"):
        model, inputs = MODELS[name](keras)
        randomize(model)
        tf.train.Checkpoint(model=model).write(FOLDER / f"{name}-keras3")
        outputs[f"{name}-keras3"] = call(model, inputs)
    np.savez(FOLDER / "outputs.npz", **outputs)
    (FOLDER / "names.json").write_text(json.dumps(names))


def write(name: str, model: Any) -> None:
    randomize(model)
    model.save_weights(FOLDER / name)


def write_small() -> None:
    """Writes the models that others are refused for."""
    for name, make in small(tf_keras).items():
        write(name, make())
    model, other = small(tf_keras)["chain"](), small(tf_keras)["chain"]()
    both = tf.train.Checkpoint(student=model, teacher=other)
    both.write(FOLDER / "both")
    one = tf.train.Checkpoint(net=tf.train.Checkpoint(a=model), step=tf.Variable(3))
    one.write(FOLDER / "deep")


write_models()
write_small()
