"""Builds graphs with TensorFlow and writes down what TensorFlow makes of each.

For each model one folder with the checkpoint, and beside it
    expected.npz    what the outputs are, by the outputs' names
    graph.json      outputs, feeds, what TensorFlow says of operations and variables
    meta.txt        the .meta file as text_format prints it
    tensorflow.pb   the graph as freeze_graph freezes it, where it does
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from google.protobuf import text_format
from tensorflow.python.tools import freeze_graph

tf1 = tf.compat.v1

MODELS: dict[str, tuple[Callable[[], Model], dict[str, Any]]] = {}


@dataclass
class Model:
    """What a builder gives.

    Attributes:
        outputs: The names of the output nodes.
        feeds: The values of placeholders.
        saver: What saves it; None makes a Saver of all variables.
        blacklist: A variable that is not frozen.
        runnable: The outputs that do not need it; None means all.
    """

    outputs: list[str]
    feeds: dict[str, Any] = field(default_factory=dict)
    saver: Any = None
    blacklist: str = ""
    runnable: list[str] | None = None


def model(**options: Any) -> Callable[[Any], Any]:
    """Registers a builder.

    Options: control_flow_v2, resource (the kind of get_variable), frozen (False where
    TensorFlow's own freezing fails or gives a graph that cannot be loaded).
    """

    def register(build: Callable[[], Model]) -> Callable[[], Model]:
        MODELS[build.__name__] = build, options
        return build

    return register


def build_all(folder: Path) -> None:
    """Writes all models."""
    tf1.disable_eager_execution()
    for name, (build, options) in MODELS.items():
        (folder / name).mkdir()
        build_one(folder / name, build, options)


def build_one(folder: Path, build: Callable[[], Model], options: Any) -> None:
    """Writes one model."""
    if options.get("control_flow_v2", True):
        tf1.enable_control_flow_v2()
    else:
        tf1.disable_control_flow_v2()
    (
        tf1.enable_resource_variables
        if options.get("resource")
        else tf1.disable_resource_variables
    )()
    tf1.set_random_seed(7)
    with tf.Graph().as_default() as graph:
        tf1.set_random_seed(7)
        made = build()
        saver = made.saver or tf1.train.Saver()
        with make_session() as session:
            session.run(tf1.global_variables_initializer())
            session.run(tf1.tables_initializer())
            runnable = made.outputs if made.runnable is None else made.runnable
            fetches = {name: f"{name}:0" for name in runnable}
            feeds = {f"{name}:0": value for name, value in made.feeds.items()}
            expected = session.run(fetches, feeds)
            prefix = saver.save(session, str(folder / "model.ckpt"), global_step=1)
        save_values(folder / "expected.npz", expected)
        describe(folder, graph, made)
    meta = tf1.MetaGraphDef()
    meta.ParseFromString((folder / "model.ckpt-1.meta").read_bytes())
    (folder / "meta.txt").write_text(text_format.MessageToString(meta))
    if options.get("frozen", True):
        freeze(folder, meta, prefix, made)


def make_session() -> Any:
    """Makes a session that computes as the graph says, without fusing operations."""
    config = tf1.ConfigProto()
    config.graph_options.rewrite_options.disable_meta_optimizer = True
    return tf1.Session(config=config)


def save_values(path: Path, values: dict[str, Any]) -> None:
    """Keeps values with their bytes and their types' names."""
    arrays = {}
    for name, value in values.items():
        array = np.asarray(value)
        if array.dtype == object:
            arrays[f"{name}|string"] = np.array([*array.reshape(-1).tolist(), b"|"])
        else:
            kind = tf.as_dtype(array.dtype).name
            raw = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
            arrays[f"{name}|{kind}|{array.shape}"] = raw
    np.savez(path, **arrays)


def describe(folder: Path, graph: Any, made: Model) -> None:
    """Writes what TensorFlow says of a graph."""
    described = {
        "outputs": made.outputs,
        "blacklist": made.blacklist,
        "runnable": made.outputs if made.runnable is None else made.runnable,
        "feeds": {
            name: {"dtype": str(np.asarray(v).dtype), "value": np.asarray(v).tolist()}
            for name, v in made.feeds.items()
        },
        "operations": [describe_operation(op) for op in graph.get_operations()],
        "collections": {
            key: [v.name for v in graph.get_collection(key)]
            for key in ("variables", "trainable_variables")
        },
    }
    (folder / "graph.json").write_text(json.dumps(described))


def describe_operation(op: Any) -> dict[str, Any]:
    """Gives an operation as plain values."""
    return {
        "name": op.name,
        "op": op.type,
        "device": op.device,
        "inputs": [tensor.name for tensor in op.inputs],
        "control_inputs": sorted(each.name for each in op.control_inputs),
        "outputs": [
            [t.name, t.dtype.name, None if t.shape.rank is None else t.shape.as_list()]
            for t in op.outputs
        ],
    }


def freeze(folder: Path, meta: Any, prefix: str, made: Model) -> None:
    """Freezes as TensorFlow does."""
    with tf.Graph().as_default():
        freeze_graph.freeze_graph_with_def_protos(
            input_graph_def=None,
            input_saver_def=None,
            input_checkpoint=prefix,
            output_node_names=",".join(made.outputs),
            restore_op_name=None,
            filename_tensor_name=None,
            output_graph=str(folder / "tensorflow.pb"),
            clear_devices=True,
            initializer_nodes="",
            variable_names_denylist=made.blacklist,
            input_meta_graph_def=meta,
        )
