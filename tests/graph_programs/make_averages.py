"""Graphs with moving averages, and which average is whose as TensorFlow says.

`python make_averages.py FOLDER` leaves of each program NAME.meta and, in
averages.json, {NAME: {name of the averages: {"averages": {variable: tensor},
"restored": {variable: tensor}}}}: what ``average`` and ``variables_to_restore`` give.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import tensorflow as tf
from tensorflow.python.training.moving_averages import assign_moving_average

tf1 = tf.compat.v1
Average = tf.train.ExponentialMovingAverage

PROGRAMS: dict[str, Callable[[], dict[str, Any]]] = {}


def program(build: Callable[[], dict[str, Any]]) -> Callable[[], dict[str, Any]]:
    """Registers a builder, which gives the averages by their name."""
    PROGRAMS[build.__name__] = build
    return build


def make_layer(name: str, **options: Any) -> list[Any]:
    with tf1.variable_scope(name, **options):
        kernel = tf1.get_variable("kernel", [3, 2])
        bias = tf1.get_variable("bias", [2], initializer=tf1.zeros_initializer())
    return [kernel, bias]


def average_all(name: str = "ExponentialMovingAverage", **options: Any) -> Any:
    average = Average(0.9, name=name, **options)
    average.apply(tf1.trainable_variables())
    return average


@program
def plain() -> dict[str, Any]:
    make_layer("layer")
    return {"ExponentialMovingAverage": average_all()}


@program
def under_a_variable_scope() -> dict[str, Any]:
    make_layer("layer")
    with tf1.variable_scope("train"):
        return {"ExponentialMovingAverage": average_all()}


@program
def under_scopes_in_scopes() -> dict[str, Any]:
    with tf1.variable_scope("tower"):
        make_layer("layer")
        with tf1.variable_scope("train"), tf1.name_scope("update"):
            return {"ExponentialMovingAverage": average_all()}


@program
def under_a_name_scope() -> dict[str, Any]:
    make_layer("layer")
    with tf1.name_scope("train"):
        return {"ExponentialMovingAverage": average_all()}


@program
def in_a_scope_that_is_reused() -> dict[str, Any]:
    make_layer("layer")
    make_layer("layer", reuse=True)
    with tf1.variable_scope("train", reuse=tf1.AUTO_REUSE):
        return {"ExponentialMovingAverage": average_all()}


@program
def of_two_names() -> dict[str, Any]:
    make_layer("layer")
    with tf1.variable_scope("slow"):
        slow = average_all("slow")
    return {"slow": slow, "fast": average_all("fast")}


@program
def with_a_count_of_updates() -> dict[str, Any]:
    make_layer("layer")
    step = tf1.train.get_or_create_global_step()
    with tf1.variable_scope("train"):
        return {"ExponentialMovingAverage": average_all(num_updates=step)}


@program
def applied_twice() -> dict[str, Any]:
    make_layer("layer")
    with tf1.variable_scope("train"):
        average = average_all()
    average.apply(tf1.trainable_variables())
    return {"ExponentialMovingAverage": average}


@program
def of_partitioned_variables() -> dict[str, Any]:
    with tf1.variable_scope("net", partitioner=tf1.fixed_size_partitioner(2)):
        tf1.get_variable("table", [7, 2])
    with tf1.variable_scope("train"):
        return {"ExponentialMovingAverage": average_all()}


@program
def beside_averages_of_tensors() -> dict[str, Any]:
    """A loss, with and without zero_debias, and the statistics of a normalization."""
    kernel, bias = make_layer("layer")
    loss = tf.reduce_sum(kernel) + tf.reduce_sum(bias)
    Average(0.9, zero_debias=True).apply([tf.identity(loss, name="loss")])
    Average(0.9).apply([tf.identity(loss, name="other")])
    mean = tf1.get_variable("moving_mean", [], trainable=False)
    assign_moving_average(mean, loss, 0.9)
    with tf1.variable_scope("train"):
        average = Average(0.9)
        average.apply([kernel, bias])
    return {"ExponentialMovingAverage": average}


@program
def of_float64_and_halves() -> dict[str, Any]:
    for name in ("float64", "float16", "bfloat16"):
        tf1.get_variable(name, [2], tf.as_dtype(name))
    with tf1.variable_scope("train"):
        return {"ExponentialMovingAverage": average_all()}


@program
def made_in_a_condition() -> dict[str, Any]:
    """The averages are made outside, and updated in a branch alone."""
    variables = make_layer("layer")
    average = Average(0.9)
    with tf1.variable_scope("train"), only_averages():
        average.apply(variables)

    def update() -> Any:
        with tf.control_dependencies([average.apply(variables)]):
            return tf.constant(1)

    tf.cond(tf1.placeholder(tf.bool, [], name="is_due"), update, lambda: tf.constant(0))
    return {"ExponentialMovingAverage": average}


@contextmanager
def only_averages() -> Iterator[None]:
    """Lets ``apply`` make the averages without the operations that update them."""
    from tensorflow.python.training import moving_averages

    real = moving_averages.assign_moving_average
    moving_averages.assign_moving_average = lambda *_: tf.no_op()
    try:
        yield
    finally:
        moving_averages.assign_moving_average = real


def get_saved_name(variable: Any) -> str:
    part = variable._save_slice_info
    return part.full_name if part else variable.op.name


def describe(average: Any) -> dict[str, Any]:
    """Says what TensorFlow's object knows."""
    averages = {
        variable.op.name: get_saved_name(kept)
        for variable in tf1.global_variables()
        if (kept := average.average(variable)) is not None
    }
    restored = {v.op.name: name for name, v in average.variables_to_restore().items()}
    return {"averages": averages, "restored": restored}


def build(name: str, folder: Path, *, resource: bool) -> dict[str, Any]:
    (tf1.enable_resource_variables if resource else tf1.disable_resource_variables)()
    with tf.Graph().as_default():
        made = PROGRAMS[name]()
        saver = tf1.train.Saver()
        kind = "resource" if resource else "reference"
        saver.export_meta_graph(str(folder / f"{name}-{kind}.meta"))
        return {f"{name}-{kind}": {key: describe(it) for key, it in made.items()}}


def main(folder: Path) -> None:
    tf1.disable_eager_execution()
    told: dict[str, Any] = {}
    for control_flow_v2 in (False, True):
        if control_flow_v2:
            tf1.enable_control_flow_v2()
        else:
            tf1.disable_control_flow_v2()
        suffix = "" if control_flow_v2 else "-v1"
        place = folder / f"flow{suffix}"
        place.mkdir()
        for name in PROGRAMS:
            for resource in (False, True):
                if control_flow_v2 and not resource and "condition" in name:
                    continue  # TensorFlow cannot take a reference into a function
                found = build(name, place, resource=resource)
                told |= {f"{place.name}/{key}": it for key, it in found.items()}
    (folder / "averages.json").write_text(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
