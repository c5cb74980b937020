"""The graphs of the stories: programs as people wrote them for TensorFlow 1."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from harness import Model, model, tf1


@model()
def sum_of_two() -> Model:
    v1 = tf1.Variable(tf.constant(1.0, shape=[1]), name="v1")
    v2 = tf1.Variable(tf.constant(2.0, shape=[1]), name="v2")
    tf.add(v1, v2, name="add")
    return Model(["add"])


@model()
def line() -> Model:
    w = tf1.Variable(10.0, name="w")
    b = tf1.Variable(1.0, name="b")
    x = tf1.placeholder(tf.float32, name="x")
    y = tf.add(w * x, b, name="y")
    tf.greater(y, 50.0, name="over")
    tf.add(y, 10.0, name="more")
    return Model(["over", "more"], {"x": np.float32(5)})


@model()
def fed_again() -> Model:
    w1 = tf1.placeholder(tf.float32, name="w1")
    w2 = tf1.placeholder(tf.float32, name="w2")
    bias = tf1.Variable(2.0, name="bias")
    tf.multiply(tf.add(w1, w2), bias, name="op_to_restore")
    return Model(["op_to_restore"], {"w1": np.float32(4), "w2": np.float32(8)})


@model(control_flow_v2=False)
def averaged() -> Model:
    v = tf1.Variable(0.0, dtype=tf.float32, name="v")
    average = tf.train.ExponentialMovingAverage(0.99)
    with tf.control_dependencies([tf1.assign(v, 10.0)]):
        kept = average.apply([v])
    tf1.add_to_collection(tf1.GraphKeys.TABLE_INITIALIZERS, kept)
    tf.identity(v, name="out")
    return Model(["out"])


def _layers(count: int) -> Model:
    layer = tf1.placeholder(tf.float32, [None, 4], name="x")
    for i in range(1, count + 1):
        with tf1.variable_scope(f"layer{i}"):
            kernel = tf1.get_variable("kernel", [4, 4])
            bias = tf1.get_variable("bias", [4])
            layer = tf.nn.relu(tf.matmul(layer, kernel) + bias)
    tf.identity(layer, name="out")
    return Model(["out"], {"x": np.ones((2, 4), np.float32)})


@model()
def five_layers() -> Model:
    return _layers(5)


@model()
def six_layers() -> Model:
    return _layers(6)


@model()
def inner_features() -> Model:
    x = tf1.placeholder(tf.float32, [None, 6], name="x")
    for name, units in (("fc6", 8), ("fc7", 5), ("fc8", 3)):
        with tf1.variable_scope(name):
            kernel = tf1.get_variable("weights", [x.shape[-1], units])
            bias = tf1.get_variable("biases", [units])
            x = tf.nn.relu(tf1.nn.xw_plus_b(x, kernel, bias), name=name)
    tf.nn.softmax(x, name="prob")
    image = np.linspace(-1, 1, 12, dtype=np.float32).reshape(2, 6)
    return Model(["fc7/fc7"], {"x": image})
