"""Graphs of TensorFlow 1, each with its checkpoint, for ``make_scenarios``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from harness import save_values
from tensorflow.python.training.saving import saveable_object

tf1 = tf.compat.v1
RANDOM = tf1.random_uniform_initializer(seed=3)
X = np.array([[1.0, -2.0], [0.5, 3.0]], np.float32)


def _write(
    folder: Path, session: Any, feeds: dict[str, Any], saver: Any = None
) -> None:
    """Writes a checkpoint, its graph, and what ``out`` is."""
    folder.mkdir(exist_ok=True)
    (saver or tf1.train.Saver()).save(session, str(folder / "m"))
    tf1.train.write_graph(session.graph, str(folder), "graph.pb", as_text=False)
    tf1.train.write_graph(session.graph, str(folder), "graph.pbtxt")
    save_values(Path(f"{folder}.npz"), {"out": session.run("out:0", feeds)})


def _start(session: Any) -> None:
    session.run([tf1.global_variables_initializer(), tf1.tables_initializer()])


def write_doubled(folder: Path, version: int) -> None:
    """Writes one variable that is doubled."""
    with tf.Graph().as_default(), tf1.Session() as session:
        node = tf1.Variable(1.0, name="variable_node", use_resource=False)
        tf.multiply(node, 2.0, name="out")
        _start(session)
        _write(folder, session, {}, tf1.train.Saver(write_version=version))


def write_one_part(folder: Path) -> None:
    """Writes a variable that is partitioned into one part."""
    partitioner = tf1.fixed_size_partitioner(1)
    with tf.Graph().as_default(), tf1.Session() as session:
        x = tf1.placeholder(tf.float32, [None, 2, 2, 2], name="x")
        with tf1.variable_scope("part", partitioner=partitioner, use_resource=False):
            kernel = tf1.get_variable("filter", [2, 2], initializer=RANDOM)
            kernel = tf.reshape(kernel, [1, 1, 2, 2])
        tf.nn.relu6(tf.nn.conv2d(x, kernel, 1, "SAME"), name="out")
        _start(session)
        _write(folder, session, {"x:0": np.arange(8.0).reshape(1, 2, 2, 2)})


def write_examples(folder: Path, tags: list[list[str]]) -> None:
    """Writes a SavedModel in the text form, a graph for each set of tags."""
    builder = tf1.saved_model.Builder(str(folder))
    for i, each in enumerate(tags):
        with tf.Graph().as_default(), tf1.Session() as session:
            examples = tf1.placeholder(tf.string, name="input_node")
            spec = {"feature": tf1.FixedLenFeature([], tf.float32)}
            feature = tf1.parse_example(examples, spec)["feature"]
            node = tf1.Variable(float(2), name="variable_node", use_resource=False)
            scores = tf.add(node * feature, float(i), name="out")
            classes = tf.fill(tf.shape(feature), "class")
            _start(session)
            made = tf1.saved_model.classification_signature_def(
                examples, classes, scores
            )
            described = {"signature_def_map": {"serving_default": made}}
            if i == 0:
                builder.add_meta_graph_and_variables(session, each, **described)
            else:
                builder.add_meta_graph(each, **described)
            value = {"float_list": {"value": [3.5]}}
            example = tf.train.Example()
            example.features.feature["feature"].float_list.value.extend(
                value["float_list"]["value"]
            )
            feeds = {"input_node:0": [example.SerializeToString()]}
            path = Path(f"{folder}.{'-'.join(each) or 'none'}.npz")
            save_values(
                path, {"out": session.run(scores, feeds), "fed": feeds["input_node:0"]}
            )
    builder.save(as_text=True)


def write_averaged(folder: Path, parts: int) -> None:
    """Writes a graph after some steps; ``out`` is that of the averages."""
    partitioner = tf1.fixed_size_partitioner(parts) if parts else None
    tf1.disable_control_flow_v2()  # which cannot initialize averages of references
    with tf.Graph().as_default(), tf1.Session() as session:
        x = tf1.placeholder(tf.float32, [None, 2], name="x")
        with tf1.variable_scope("scope", partitioner=partitioner, use_resource=False):
            kernel = tf1.get_variable("kernel", [2, 2], initializer=RANDOM)
            whole = tf.convert_to_tensor(kernel)
        fixed = tf1.get_variable("fixed", initializer=7.0, trainable=False)
        out = tf.add(tf.matmul(x, whole), fixed, name="out")
        average = tf1.train.ExponentialMovingAverage(0.5)
        step = tf1.train.GradientDescentOptimizer(0.1).minimize(tf.reduce_sum(out**2))
        with tf.control_dependencies([step]):
            train = average.apply(tf1.trainable_variables())
        _start(session)
        for _ in range(3):
            session.run(train, {x: X})
        folder.mkdir()
        tf1.train.Saver().save(session, str(folder / "m"))
        raw = session.run(out, {x: X})
        for each in tf1.trainable_variables():
            each.load(session.run(average.average(each)), session)
        save_values(Path(f"{folder}.npz"), {"out": session.run(out, {x: X})})
        save_values(Path(f"{folder}.raw.npz"), {"out": raw})
    tf1.enable_control_flow_v2()


class _CastSaveable(saveable_object.SaveableObject):
    """A variable that is saved as float32, whatever it is."""

    def __init__(self, variable: Any, name: str) -> None:
        self._variable = variable
        value = tf.cast(variable, tf.float32)
        super().__init__(variable, [saveable_object.SaveSpec(value, "", name)], name)

    def restore(self, tensors, shapes):
        """Assigns what was read."""
        return tf1.assign(
            self._variable, tf.cast(tensors[0], self._variable.dtype.base_dtype)
        )


def write_cast(folder: Path, values: list[float]) -> None:
    """Writes float32, which a graph restores into float16; ``out`` is what comes."""
    folder.mkdir()
    with tf.Graph().as_default(), tf1.Session() as session:
        tf1.Variable(np.array(values, np.float32), name="v")
        _start(session)
        tf1.train.Saver().save(session, str(folder / "m"), write_meta_graph=False)
    with tf.Graph().as_default(), tf1.Session() as session:
        v = tf1.Variable(
            np.zeros(len(values), np.float16), name="v", use_resource=False
        )
        out = tf.identity(v, name="out")
        saver = tf1.train.Saver([_CastSaveable(v, "v")])
        saver.restore(session, str(folder / "m"))
        saver.export_meta_graph(str(folder / "m.meta"))
        save_values(Path(f"{folder}.npz"), {"out": session.run(out)})


def write_assignable(folder: Path) -> None:
    """Writes two variables; one can be set by running ``set``."""
    with tf.Graph().as_default(), tf1.Session() as session:
        kept = tf1.get_variable("kept", initializer=2.0, use_resource=True)
        left = tf1.get_variable("left", initializer=3.0, use_resource=True)
        with tf.control_dependencies([left.assign(10.0, read_value=False)]):
            tf.no_op(name="set")
        tf.add(kept, left.read_value(), name="out")
        _start(session)
        session.run("set")
        _write(folder, session, {})


def write_looked_up(folder: Path) -> None:
    """Writes a table that an initializer fills, and one that the checkpoint holds."""
    with tf.Graph().as_default(), tf1.Session() as session:
        x = tf1.placeholder(tf.string, [None], name="x")
        words = tf.lookup.KeyValueTensorInitializer(["a", "b"], [1, 2])
        fixed = tf.lookup.StaticHashTable(words, -1, name="fixed")
        factor = tf1.get_variable("factor", initializer=3)
        tf.multiply(fixed.lookup(x), factor, name="out")
        grown = tf.lookup.experimental.MutableHashTable(
            tf.string, tf.int32, -1, name="grown"
        )
        grown.insert(tf.constant(["a"]), tf.constant([5]), name="insert")
        tf.identity(grown.lookup(x), name="other")
        _start(session)
        _write(folder, session, {"x:0": ["b", "a", "c"]})


SCENARIOS: dict[str, Callable[[Path], None]] = {
    "doubled_v1": lambda folder: write_doubled(folder, tf1.train.SaverDef.V1),
    "doubled_v2": lambda folder: write_doubled(folder, tf1.train.SaverDef.V2),
    "one_part": write_one_part,
    "examples": lambda folder: write_examples(folder, [["serve"], ["serve", "more"]]),
    "untagged": lambda folder: write_examples(folder, [[]]),
    "averaged": lambda folder: write_averaged(folder, 0),
    "averaged_parts": lambda folder: write_averaged(folder, 2),
    "cast": lambda folder: write_cast(
        folder, [1.0, -0.5, 0.25, 65504.0, np.inf, np.nan]
    ),
    "cast_rounded": lambda folder: write_cast(
        folder, [1.0, 0.1, 1e-9, 70000.0, np.nan]
    ),
    "assignable": write_assignable,
    "looked_up": write_looked_up,
}
