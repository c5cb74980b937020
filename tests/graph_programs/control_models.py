"""Graphs with control flow of both kinds, and with functions."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from harness import Model, model, tf1

X = np.array([[1.0, -2.0, 0.5]], np.float32)


def _cell() -> Model:
    """A recurrent network: a loop over time with a kernel and a bias."""
    x = tf1.placeholder(tf.float32, [2, None, 3], name="x")
    kernel = tf1.get_variable("kernel", [7, 4])
    bias = tf1.get_variable("bias", [4], initializer=tf1.ones_initializer())
    steps = tf.shape(x)[1]
    first = tf1.get_variable("first", [2, 4])

    def step(i, state):
        both = tf.concat([x[:, i], state], 1)
        return i + 1, tf.tanh(tf.matmul(both, kernel) + bias)

    _, last = tf.while_loop(lambda i, _: i < steps, step, [0, first])
    tf.identity(last, name="out")
    return Model(["out"], {"x": np.linspace(-1, 1, 24, dtype="f").reshape(2, 4, 3)})


def _branches() -> Model:
    pred = tf1.placeholder(tf.bool, [], name="pred")
    x = tf1.placeholder(tf.float32, [1, 3], name="x")
    a = tf1.get_variable("a", [3, 2])
    b = tf1.get_variable("b", [3, 2])
    flag = tf1.get_variable("flag", initializer=True)
    inner = tf.cond(
        pred,
        lambda: tf.matmul(x, a),
        lambda: tf.cond(flag, lambda: tf.matmul(x, b), lambda: tf.matmul(x, a + b)),
    )
    tf.identity(inner, name="out")
    return Model(["out"], {"pred": False, "x": X})


@model(control_flow_v2=False)
def reference_loop_v1() -> Model:
    return _cell()


@model(control_flow_v2=False, resource=True)
def resource_loop_v1() -> Model:
    return _cell()


@model()
def reference_loop_v2() -> Model:
    return _cell()


@model(resource=True)
def resource_loop_v2() -> Model:
    return _cell()


@model(control_flow_v2=False, frozen=False)
def reference_branches_v1() -> Model:
    return _branches()


@model(control_flow_v2=False, resource=True)
def resource_branches_v1() -> Model:
    return _branches()


@model()
def reference_branches_v2() -> Model:
    return _branches()


@model(resource=True)
def resource_branches_v2() -> Model:
    return _branches()


@model(resource=True)
def cases() -> Model:
    which = tf1.placeholder(tf.int32, [], name="which")
    a = tf1.get_variable("a", [3])
    b = tf1.get_variable("b", [3])
    made = tf.switch_case(which, [lambda: a + 1, lambda: b * 2, lambda: a * b])
    tf.identity(made, name="out")
    return Model(["out"], {"which": 1})


@model(resource=True)
def functions() -> Model:
    x = tf1.placeholder(tf.float32, [1, 3], name="x")
    a = tf1.get_variable("a", [3, 3])
    b = tf1.get_variable("b", [3, 3])

    @tf.function
    def inner(y):
        return tf.matmul(y, a)

    @tf.function
    def outer(y):
        return inner(y) + tf.matmul(inner(y), b)

    tf.identity(outer(x), name="out")
    return Model(["out"], {"x": X})


@model()
def functions_of_references() -> Model:
    x = tf1.placeholder(tf.float32, [1, 3], name="x")
    a = tf1.get_variable("a", [3, 3])

    @tf.function
    def multiply(y, z):
        return tf.matmul(y, z)

    tf.identity(multiply(x, tf.identity(a)), name="out")
    return Model(["out"], {"x": X})


@model(resource=True, frozen=False)
def gather_in_function() -> Model:
    table = tf1.get_variable("table", [5, 3])

    @tf.function
    def look(ids):
        rows = tf.nn.embedding_lookup(table, ids)
        return rows + tf.gather(tf.gather(table, [1]), [0, 0])

    tf.identity(look(tf.constant([4, 0])), name="out")
    return Model(["out"])


@model(resource=True, frozen=False)
def function_that_gives_a_handle() -> Model:
    a = tf1.get_variable("a", [3])

    @tf.function
    def give(handle):
        return tf.identity(handle)

    handle = give(a.handle)
    tf.raw_ops.ReadVariableOp(resource=handle, dtype=tf.float32, name="out")
    return Model(["out"])


@model(resource=True, frozen=False)
def one_function_for_two_variables() -> Model:
    a = tf1.get_variable("a", [3])
    b = tf1.get_variable("b", [3])

    @tf.function(input_signature=[tf.TensorSpec([], tf.resource)])
    def read(handle):
        return tf.raw_ops.ReadVariableOp(resource=handle, dtype=tf.float32)

    tf.add(read(a.handle), 1.0, name="out")
    tf.add(read(b.handle), 1.0, name="other")
    return Model(["out", "other"], blacklist="b", runnable=["out"])


@model(resource=True, frozen=False)
def merged_handles() -> Model:
    pred = tf1.placeholder(tf.bool, [], name="pred")
    a = tf1.get_variable("a", [3])
    b = tf1.get_variable("b", [3])
    off, _ = tf.raw_ops.Switch(data=a.handle, pred=pred)
    _, on = tf.raw_ops.Switch(data=b.handle, pred=pred)
    merged, _ = tf.raw_ops.Merge(inputs=[off, on])
    tf.raw_ops.ReadVariableOp(resource=merged, dtype=tf.float32, name="out")
    return Model(["out"], {"pred": True})


@model(resource=True)
def nested_loops() -> Model:
    a = tf1.get_variable("a", initializer=[1.0, 2.0])

    def outer(i, y):
        inner = tf.while_loop(lambda j, _: j < 2, lambda j, z: (j + 1, z * a), [0, y])
        return i + 1, tf.cond(i > 0, lambda: inner[1] + a, lambda: inner[1])

    _, last = tf.while_loop(lambda i, _: i < 3, outer, [0, tf.ones([2])])
    tf.identity(last, name="out")
    return Model(["out"])
