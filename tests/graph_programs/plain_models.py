"""Graphs without control flow: reference and resource variables of all kinds."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from harness import Model, model, tf1


def _ones(*shape: int) -> np.ndarray:
    return np.linspace(-1, 1, int(np.prod(shape)), dtype=np.float32).reshape(shape)


def _dense(x: tf.Tensor, name: str, units: int, activate=tf.nn.relu) -> tf.Tensor:
    with tf1.variable_scope(name):
        kernel = tf1.get_variable("kernel", [x.shape[-1], units])
        bias = tf1.get_variable("bias", [units])
        return activate(tf.matmul(x, kernel) + bias)


def _mlp() -> Model:
    x = tf1.placeholder(tf.float32, [None, 4], name="x")
    with tf.device("/device:CPU:0"):
        hidden = _dense(x, "first", 8)
    inner = _dense(hidden, "second", 8, tf.tanh)
    with tf.control_dependencies([inner, tf.no_op(name="nothing")]):
        logits = _dense(inner, "third", 3, tf.identity)
    tf.nn.softmax(logits, name="predictions")
    step = tf1.train.get_or_create_global_step()
    loss = tf.reduce_mean(logits)
    tf1.train.AdamOptimizer().minimize(loss, global_step=step)
    return Model(["predictions"], {"x": _ones(3, 4)})


@model()
def reference_mlp() -> Model:
    return _mlp()


@model(resource=True)
def resource_mlp() -> Model:
    return _mlp()


@model()
def inner_outputs() -> Model:
    made = _mlp()
    return Model(["second/Tanh", "first/Relu"], made.feeds)


@model(resource=True)
def left_variable() -> Model:
    made = _mlp()
    outputs = ["predictions", "second/Tanh"]
    return Model(outputs, made.feeds, None, "third/kernel", outputs[1:])


def _every_type(resource: bool) -> list[str]:
    names = [
        "bool complex128 complex64 float16 float32 float64 bfloat16 int16 int32 int64",
        "int8 uint16 uint32 uint64 uint8",
    ]
    small = "float8_e5m2 float8_e4m3fn int4 uint4"
    names.append(small if resource else "")
    outputs = []
    for name in " ".join(names).split():
        kind = tf.as_dtype(name).as_numpy_dtype
        for shape in ((), (1,), (5,), (2, 3), (0, 3)):
            count = int(np.prod(shape))
            value = (np.arange(count) * 3 % 7 - (0 if name[0] in "u" else 3)).astype(
                kind
            )
            label = "x".join(map(str, shape)) or "scalar"
            variable = tf1.get_variable(
                f"{name}_{label}",
                initializer=value.reshape(shape),
                use_resource=resource,
            )
            outputs.append(tf.identity(variable, name=f"{name}_{label}_out").op.name)
    return outputs


@model()
def reference_types() -> Model:
    return Model(_every_type(resource=False))


@model(resource=True)
def resource_types() -> Model:
    words = tf1.get_variable("words", initializer=[[b"a", b""], [b"\xff\x00", b"d"]])
    return Model([*_every_type(resource=True), tf.identity(words).op.name])


@model(resource=True, frozen=False)
def one_word() -> Model:
    word = tf1.get_variable("word", initializer=b"one")
    tf.identity(word, name="out")
    return Model(["out"])


def _partitioned() -> Model:
    partitioner = tf1.fixed_size_partitioner(3)
    ids = tf1.placeholder(tf.int32, [None], name="ids")
    with tf1.variable_scope("emb", partitioner=partitioner):
        table = tf1.get_variable("table", [7, 4])
        columns = tf1.get_variable(
            "columns", [4, 7], partitioner=tf1.fixed_size_partitioner(2, axis=1)
        )
    looked = tf1.nn.embedding_lookup(table, ids, partition_strategy="div")
    tf.matmul(looked, tf.convert_to_tensor(columns), name="out")
    return Model(["out"], {"ids": np.array([0, 6, 3], np.int32)})


@model()
def reference_partitioned() -> Model:
    return _partitioned()


@model(resource=True)
def resource_partitioned() -> Model:
    return _partitioned()


def _batch_norm() -> Model:
    x = tf1.placeholder(tf.float32, [2, 3, 3, 4], name="x")
    scale = tf1.get_variable("gamma", initializer=_ones(4) + 2)
    offset = tf1.get_variable("beta", initializer=_ones(4))
    mean = tf1.get_variable("moving_mean", initializer=_ones(4), trainable=False)
    variance = tf1.get_variable(
        "moving_variance", initializer=_ones(4) ** 2 + 1, trainable=False
    )
    filters = tf1.get_variable("filters", [3, 3, 4, 4])
    y = tf.nn.conv2d(x, filters, 1, "SAME")
    y, _, _ = tf1.nn.fused_batch_norm(
        y, scale, offset, mean, variance, is_training=False
    )
    y = tf.nn.batch_normalization(y, mean, variance, offset, scale, 1e-3)
    tf.nn.relu(y, name="out")
    return Model(["out"], {"x": _ones(2, 3, 3, 4)})


@model()
def reference_batch_norm() -> Model:
    return _batch_norm()


@model(resource=True)
def resource_batch_norm() -> Model:
    return _batch_norm()


@model(resource=True)
def gathers() -> Model:
    table = tf1.get_variable("table", [6, 5])
    ids = tf1.placeholder(tf.int64, [None], name="ids")
    tf.nn.embedding_lookup(table, ids, name="rows")
    tf.gather_nd(table, [[1, 2], [3, 4]], name="cells")
    tf.gather(table, [0, 2], name="gathered")
    outputs = ["rows/Identity", "cells", "gathered"]
    names = {op.name for op in tf1.get_default_graph().get_operations()}
    return Model([n for n in outputs if n in names], {"ids": np.array([5, 0])})


@model(resource=True, frozen=False)
def gathers_in_batches() -> Model:
    table = tf1.get_variable("table", [2, 3, 5])
    tf.raw_ops.ResourceGather(
        resource=table.handle,
        indices=[[0, 2], [1, 1]],
        dtype=tf.float32,
        batch_dims=1,
        name="rows",
    )
    return Model(["rows"])


@model(resource=True, frozen=False)
def asks_of_variables() -> Model:
    table = tf1.get_variable("table", [2, 3, 5], validate_shape=True)
    tf.raw_ops.VariableShape(input=table.handle, out_type=tf.int64, name="shape")
    tf.identity(table.is_initialized(), name="is_there")
    return Model(["shape", "is_there"])


@model(frozen=False)
def asks_of_references() -> Model:
    v = tf1.get_variable("v", initializer=[1.0, 2.0])
    tf.identity(tf1.is_variable_initialized(v), name="is_there")
    pred = tf1.placeholder(tf.bool, [], name="pred")
    off, on = tf.raw_ops.RefSwitch(data=v._ref(), pred=pred)
    tf.raw_ops.Merge(inputs=[tf.identity(off) * 2, tf.identity(on) * 3], name="merged")
    tf.raw_ops.RefIdentity(input=v._ref(), name="same")
    return Model(["is_there", "merged", "same"], {"pred": True})


@model(frozen=False)
def legacy_variable() -> Model:
    v = tf.raw_ops.Variable(shape=[2], dtype=tf.float32, name="v")
    assigned = tf.raw_ops.Assign(ref=v, value=[3.0, 4.0])
    tf1.add_to_collection(tf1.GraphKeys.TABLE_INITIALIZERS, assigned.op)
    tf.multiply(tf.identity(v), 2.0, name="out")
    name = tf.constant(["v"])
    prefix = tf1.placeholder_with_default("model", [], name="save/Const")
    with tf.control_dependencies(
        [
            tf.raw_ops.SaveV2(
                prefix=prefix, tensor_names=name, shape_and_slices=[""], tensors=[v]
            )
        ]
    ):
        saved = tf.identity(prefix, name="save/control_dependency")
    restored = tf.raw_ops.RestoreV2(
        prefix=prefix, tensor_names=name, shape_and_slices=[""], dtypes=[tf.float32]
    )[0]
    assigned = tf.raw_ops.Assign(ref=v, value=restored)
    restore = tf.group(assigned, name="save/restore_all")
    definition = tf1.train.SaverDef(
        filename_tensor_name=prefix.name,
        save_tensor_name=saved.name,
        restore_op_name=restore.name,
        max_to_keep=5,
        version=2,
    )
    return Model(["out"], saver=tf1.train.Saver(saver_def=definition))


@model()
def renamed() -> Model:
    v = tf1.get_variable("v", initializer=_ones(3))
    w = tf1.get_variable("w", initializer=_ones(3) * 2, use_resource=True)
    tf.add(v, w, name="out")
    return Model(["out"], saver=tf1.train.Saver({"old/v": v, "v": w}))


@model()
def reshaped() -> Model:
    v = tf1.get_variable("v", initializer=_ones(2, 3))
    tf.multiply(v, 2, name="out")
    return Model(["out"], saver=tf1.train.Saver(reshape=True, sharded=True))


@model()
def version_one() -> Model:
    v = tf1.get_variable("v", initializer=_ones(2, 3))
    half = tf1.get_variable("h", initializer=_ones(4).astype(np.float16))
    with tf1.variable_scope("p", partitioner=tf1.fixed_size_partitioner(2)):
        part = tf1.get_variable("part", [4, 2])
    tf.multiply(v, 2, name="out")
    tf.identity(half, name="halves")
    tf.identity(tf.convert_to_tensor(part), name="whole")
    saver = tf1.train.Saver(write_version=tf1.train.SaverDef.V1)
    return Model(["out", "halves", "whole"], saver=saver)


@model()
def colocated() -> Model:
    v = tf1.get_variable("v", initializer=_ones(3))
    with tf1.colocate_with(v.op):
        far = tf.constant(3.0, name="far")
    with tf1.colocate_with(far.op):
        near = tf.constant(4.0, name="near")
    tf.multiply(near, 2.0, name="out")
    return Model(["out"])


@model(frozen=False)
def assigned_on_the_way() -> Model:
    v = tf1.get_variable("v", initializer=_ones(3))
    tf.identity(tf1.assign_add(v, [1.0, 1.0, 1.0]), name="out")
    return Model(["out"])
