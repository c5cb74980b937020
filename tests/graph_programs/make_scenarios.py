"""Writes what else people freeze: ``python make_scenarios.py FOLDER``.

For each scenario NAME a folder, a SavedModel or one with a checkpoint ``m``, and beside
it NAME.npz (see ``save_values``): what TensorFlow computes, by the outputs' names.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import scenario_graphs
import tensorflow as tf
from harness import save_values
from tensorflow.core.protobuf import saved_model_pb2

tf1 = tf.compat.v1
X = np.array([[1.0, -2.0], [0.5, 3.0]], np.float32)
SPEC = [tf.TensorSpec([None, 2], tf.float32, name="x")]


def save(folder: Path, root: tf.Module, function: Any, *arguments: Any) -> None:
    """Writes a SavedModel, and what its signature gives."""
    tf.saved_model.save(root, str(folder), signatures=function)
    write_expected(folder, *arguments)


def write_expected(folder: Path, *arguments: Any) -> None:
    """Writes what the signature of a SavedModel gives."""
    signature = tf.saved_model.load(str(folder)).signatures["serving_default"]
    keys = sorted(signature.structured_input_signature[1])
    made = signature(**dict(zip(keys, map(tf.constant, arguments), strict=True)))
    save_values(Path(f"{folder}.npz"), {k: v.numpy() for k, v in made.items()})


class Numbered(tf.Module):
    """Functions, branches and loops, some of them without a variable."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor
        self.kernel = tf.Variable([[factor, 1.0], [0.0, factor]])

    @tf.function
    def plain(self, x):
        return tf.tanh(x) * self.factor

    @tf.function
    def inner(self, x):
        return self.plain(tf.matmul(x, self.kernel))

    @tf.function(input_signature=SPEC)
    def call(self, x):
        y = self.inner(x)
        y = tf.cond(tf.reduce_sum(y) > 0.0, lambda: y @ self.kernel, lambda: y)
        return {"y": y + self.factor}


def write_numbered(folder: Path, factor: float) -> None:
    """Writes a SavedModel whose functions are numbered as in a new process."""
    module = Numbered(factor)
    save(folder, module, module.call, X)
    path = folder / "saved_model.pb"
    saved = saved_model_pb2.SavedModel.FromString(path.read_bytes())
    graph = saved.meta_graphs[0].graph_def
    functions = graph.library.function
    order = sorted(f.signature.name for f in functions)
    renamed = {}
    for name in order:
        base, _, number = name.rpartition("_")
        made = base if base and number.isdecimal() else name
        renamed[name] = f"{made}_{sum(r.startswith(made) for r in renamed.values())}"
    for function in functions:
        function.signature.name = renamed[function.signature.name]
    bodies = [graph.node, *(function.node_def for function in functions)]
    for node in (node for body in bodies for node in body):
        for value in node.attr.values():
            if value.func.name in renamed:
                value.func.name = renamed[value.func.name]
    path.write_bytes(saved.SerializeToString())


def write_again(folder: Path, resource: bool) -> None:
    """Loads a SavedModel of TensorFlow 1 into TensorFlow 2, and saves it again."""
    first = folder.parent / f"{folder.name}_first"
    with tf.Graph().as_default(), tf1.Session() as session:
        x = tf1.placeholder(tf.float32, [None, 2], name="x")
        v = tf1.get_variable("scope/v", initializer=X, use_resource=resource)
        y = tf.matmul(x, v, name="y")
        session.run(tf1.global_variables_initializer())
        tf1.saved_model.simple_save(session, str(first), {"x": x}, {"y": y})
    write_expected(first, X)
    loaded = tf.saved_model.load(str(first))
    tf.saved_model.save(loaded, str(folder), signatures=loaded.signatures)
    if resource:
        write_expected(folder, X)


def write_wrapped(folder: Path, how: str, first: str = "again_reference_first") -> None:
    """Calls a loaded function from a branch, a loop or another function."""
    root = tf.Module()
    root.loaded = tf.saved_model.load(str(folder.parent / first))
    inner = root.loaded.signatures["serving_default"]

    def in_branch(x):
        return tf.cond(tf.reduce_sum(x) > 0.0, lambda: inner(x=x)["y"], lambda: x)

    def in_loop(x):
        last = tf.while_loop(
            lambda y: tf.reduce_sum(y) < 9.0, lambda y: [inner(x=y)["y"]], [x]
        )
        return last[0]

    made = {"branch": in_branch, "loop": in_loop, "function": tf.function(in_branch)}[
        how
    ]
    function = tf.function(lambda x: {"y": made(x)}, input_signature=SPEC)
    tf.saved_model.save(root, str(folder), signatures=function)
    if first == "again_resource_first":
        write_expected(folder, X)


class Tables(tf.Module):
    """A table that is filled by an initializer, and one that the checkpoint holds."""

    def __init__(self, mutable: bool) -> None:
        super().__init__()
        words = tf.lookup.KeyValueTensorInitializer(["a", "b"], [1, 2])
        self.fixed = tf.lookup.StaticHashTable(words, -1)
        self.factor = tf.Variable(3)
        self.grown = None
        if mutable:
            self.grown = tf.lookup.experimental.MutableHashTable(
                tf.string, tf.int32, -1
            )
            self.grown.insert(tf.constant(["a"]), tf.constant([5]))

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="x")])
    def call(self, x):
        found = self.fixed.lookup(x) * self.factor
        return {"y": found if self.grown is None else found + self.grown.lookup(x)}


def write_tables(folder: Path, mutable: bool) -> None:
    """Writes a SavedModel with lookup tables."""
    module = Tables(mutable)
    save(folder, module, module.call, np.array(["b", "a", "c"], object))


class Nothing(tf.Module):
    """A function without variables."""

    @tf.function(input_signature=SPEC)
    def call(self, x):
        return {"y": 2.0 * x}


def write_without_variables(folder: Path) -> None:
    """Writes a SavedModel that has nothing to freeze."""
    module = Nothing()
    save(folder, module, module.call, X)


class Several(tf.Module):
    """Functions that make their variables when they are first called."""

    def __init__(self) -> None:
        super().__init__()
        self.made: dict[str, Any] = {}

    def _get(self, name: str, value: float) -> Any:
        if name not in self.made:
            self.made[name] = tf.Variable(value, name=name)
        return self.made[name]

    @tf.function(input_signature=SPEC)
    def add(self, x):
        return {"y": x + self._get("added", 2.0)}

    @tf.function(input_signature=SPEC)
    def take(self, x):
        return {"y": x - self._get("taken", 3.0) * self._get("added", 2.0)}


def write_several(folder: Path) -> None:
    """Writes a SavedModel with two signatures."""
    module = Several()
    module.add(X), module.take(X)
    save(folder, module, {"serving_default": module.add, "take": module.take}, X)
    taken = {"y": module.take(tf.constant(X))["y"].numpy()}
    save_values(Path(f"{folder}.take.npz"), taken)


def write_network(folder: Path) -> None:
    """Writes Keras's export of a network with words, both directions and a mean."""
    layers = tf.keras.layers
    model = tf.keras.Sequential(
        [
            tf.keras.Input((4,), dtype="int32"),
            layers.Embedding(5, 3),
            layers.Bidirectional(layers.GRU(2, return_sequences=True)),
            layers.Conv1D(2, 2, activation="relu"),
            layers.BatchNormalization(),
            layers.Flatten(),
            layers.Dense(2),
        ]
    )
    model.export(str(folder), verbose=False)
    write_expected(folder, np.array([[0, 4, 2, 1], [3, 3, 0, 1]], np.int32))


SCENARIOS: dict[str, Callable[[Path], None]] = {
    "numbered": lambda folder: write_numbered(folder, 2.0),
    "numbered_alike": lambda folder: write_numbered(folder, 3.0),
    "again_resource": lambda folder: write_again(folder, resource=True),
    "again_reference": lambda folder: write_again(folder, resource=False),
    "in_branch": lambda folder: write_wrapped(folder, "branch"),
    "in_loop": lambda folder: write_wrapped(folder, "loop"),
    "in_function": lambda folder: write_wrapped(folder, "function"),
    "resource_in_loop": lambda folder: write_wrapped(
        folder, "loop", "again_resource_first"
    ),
    "resource_in_function": lambda folder: write_wrapped(
        folder, "function", "again_resource_first"
    ),
    "fixed_table": lambda folder: write_tables(folder, mutable=False),
    "grown_table": lambda folder: write_tables(folder, mutable=True),
    "without_variables": write_without_variables,
    "several": write_several,
    "network": write_network,
    **scenario_graphs.SCENARIOS,
}

if __name__ == "__main__":
    for name, write in SCENARIOS.items():
        write(Path(sys.argv[1]) / name)
