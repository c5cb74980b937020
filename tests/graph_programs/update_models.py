"""Graphs of training programs, whose outputs bring updates of variables along."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from harness import Model, model, tf1
from tensorflow.python.training import moving_averages

X = np.linspace(-1, 2, 12, dtype=np.float32).reshape(4, 3)


def _variable(name: str, value, trainable: bool = True):
    return tf1.get_variable(name, initializer=value, trainable=trainable)


def _normalize(y, name: str, phase, debias: bool = False):
    """Batch normalization as slim does it, updates forced."""
    with tf1.variable_scope(name):
        beta = _variable("beta", [0.5, -0.5, 1.0])
        average = _variable("moving_mean", [0.1, 0.2, 0.3], trainable=False)
        spread = _variable("moving_variance", [1.0, 2.0, 3.0], trainable=False)
        mean, variance = tf.nn.moments(y, [0])

        def update():
            assign = moving_averages.assign_moving_average
            updates = [
                assign(average, mean, 0.9, zero_debias=debias),
                assign(spread, variance, 0.9, zero_debias=False),
            ]
            with tf.control_dependencies(updates):
                return tf.identity(mean), tf.identity(variance)

        mean, variance = tf1.cond(phase, update, lambda: (average, spread))
        return tf.nn.batch_normalization(y, mean, variance, beta, None, 1e-3)


def _normalize_after(y, name: str, phase):
    """Batch normalization whose updates hang on its own output."""
    with tf1.variable_scope(name):
        average = _variable("moving_mean", [0.3, 0.2, 0.1], trainable=False)
        mean = tf.reduce_mean(y, 0)
        update = tf1.cond(
            phase,
            lambda: moving_averages.assign_moving_average(
                average, mean, 0.9, zero_debias=False
            ),
            lambda: average * 1.0,
        )
        used = tf1.cond(phase, lambda: mean, lambda: average * 1.0)
        with tf.control_dependencies([update]):
            return tf.identity(y - used)


def _network(phase_value: bool, debias: bool = False) -> Model:
    x = tf1.placeholder(tf.float32, [None, 3], name="x")
    phase = tf1.placeholder(tf.bool, [], name="phase_train")
    kernel = _variable("kernel", np.eye(3, dtype=np.float32) * 2 + 1)
    y = _normalize(tf.matmul(x, kernel), "first", phase, debias)
    y = tf1.cond(phase, lambda: tf.nn.relu(y), lambda: y * 1.0)
    y = _normalize_after(tf.matmul(y, kernel), "second", phase)
    tf.nn.l2_normalize(_normalize(y, "third", phase), 1, name="out")
    return Model(["out"], {"x": X, "phase_train": phase_value})


@model(control_flow_v2=False, frozen=False)
def normalized_v1() -> Model:
    return _network(False)


@model(control_flow_v2=False, frozen=False)
def normalized_v1_in_training() -> Model:
    return _network(True)


@model(control_flow_v2=False, frozen=False)
def normalized_v1_without_bias() -> Model:
    return _network(False, debias=True)


@model(control_flow_v2=False, resource=True, frozen=False)
def normalized_resources_v1() -> Model:
    return _network(False)


@model(resource=True, frozen=False)
def normalized_resources_v2() -> Model:
    return _network(False)


@model(resource=True, frozen=False)
def normalized_resources_v2_in_training() -> Model:
    return _network(True)


@model(control_flow_v2=False, frozen=False)
def counted_and_averaged() -> Model:
    x = tf1.placeholder(tf.float32, [4, 3], name="x")
    kernel = _variable("kernel", np.eye(3, dtype=np.float32))
    average = tf1.train.ExponentialMovingAverage(0.9)
    updates = [average.apply([kernel])]
    updates.append(tf1.assign_add(tf1.train.get_or_create_global_step(), 1))
    with tf.control_dependencies([tf.group(*updates)]):
        tf.matmul(x, kernel, name="out")
    return Model(["out"], {"x": X})


@model(control_flow_v2=False, frozen=False)
def trained_on_the_way() -> Model:
    x = tf1.placeholder(tf.float32, [4, 3], name="x")
    kernel = _variable("kernel", np.eye(3, dtype=np.float32))
    other = _variable("other", np.ones((3, 3), np.float32))
    y = tf.matmul(x, kernel)
    loss = tf.reduce_mean(tf.square(tf.matmul(y, other)), name="loss")
    train = tf1.train.AdamOptimizer(0.1).minimize(loss, None, [other], name="train")
    with tf.control_dependencies([train]):
        tf.identity(y, name="out")
    return Model(["out"], {"x": X})


def _count_in_loop(read: bool) -> Model:
    count = _variable("count", 1.0)
    factor = _variable("factor", 3.0)

    def step(i, y):
        with tf.control_dependencies([tf1.assign_add(count, 1.0)]):
            return i + 1, tf.identity(y) * (count if read else factor)

    _, last = tf1.while_loop(lambda i, _: i < 3, step, [0, 2.0])
    tf.identity(last, name="out")
    return Model(["out"])


@model(control_flow_v2=False, frozen=False)
def counts_in_loop_v1() -> Model:
    return _count_in_loop(read=False)


@model(control_flow_v2=False, resource=True, frozen=False)
def counts_resource_in_loop_v1() -> Model:
    return _count_in_loop(read=False)


@model(resource=True, frozen=False)
def counts_in_loop_v2() -> Model:
    return _count_in_loop(read=False)


@model(control_flow_v2=False, frozen=False)
def reads_count_in_loop_v1() -> Model:
    return _count_in_loop(read=True)


@model(resource=True, frozen=False)
def reads_count_in_loop_v2() -> Model:
    return _count_in_loop(read=True)


@model(resource=True, frozen=False)
def reads_what_the_last_round_counted() -> Model:
    count = _variable("count", 1.0)

    def step(i, y):
        y = y * count
        with tf.control_dependencies([y]):
            count.assign_add(1.0)
        return i + 1, y

    _, last = tf1.while_loop(lambda i, _: i < 3, step, [0, 2.0])
    tf.identity(last, name="out")
    return Model(["out"])


@model(resource=True, frozen=False)
def counts_in_function() -> Model:
    count = _variable("count", 1.0)
    factor = _variable("factor", 3.0)

    @tf.function
    def inner(y):
        count.assign_add(1.0)
        return y * factor

    @tf.function
    def outer(y):
        return inner(y) + inner(y * factor)

    tf.identity(outer(tf.constant(2.0)), name="out")
    return Model(["out"])


@model(resource=True, frozen=False)
def reads_count_in_function() -> Model:
    count = _variable("count", 1.0)

    @tf.function
    def call(y):
        count.assign_add(1.0)
        return y * count

    tf.identity(call(tf.constant(2.0)), name="out")
    return Model(["out"])


@model(resource=True, frozen=False)
def reads_after_function() -> Model:
    count = _variable("count", 1.0)

    @tf.function
    def call(y):
        count.assign_add(1.0)
        return y + 1.0

    with tf.control_dependencies([call(tf.constant(2.0))]):
        tf.identity(count.read_value(), name="out")
    return Model(["out"])


@model(resource=True, frozen=False)
def loops_while_count_is_small() -> Model:
    count = _variable("count", 1.0)

    def step(i):
        with tf.control_dependencies([count.assign_add(1.0)]):
            return [i + 1]

    last = tf1.while_loop(lambda i: count.read_value() < 5.0, step, [0])
    tf.identity(last, name="out")
    return Model(["out"])


def _read_after(read) -> Model:
    v = _variable("v", [1.0, 2.0])
    with tf.control_dependencies([tf1.assign_add(v, [1.0, 1.0])]):
        tf.identity(read(v), name="out")
    return Model(["out"])


@model(frozen=False)
def reads_reference_after() -> Model:
    return _read_after(lambda v: v.read_value())


@model(frozen=False)
def uses_snapshot_after() -> Model:
    return _read_after(lambda v: v)


@model(resource=True, frozen=False)
def reads_resource_after() -> Model:
    return _read_after(lambda v: v.read_value())


@model(control_flow_v2=False, frozen=False)
def reads_in_branch_after() -> Model:
    v = _variable("v", [1.0, 2.0])
    with tf.control_dependencies([tf1.assign_add(v, [1.0, 1.0])]):
        yes = tf.identity(True)
    tf.identity(tf1.cond(yes, lambda: v.read_value(), lambda: v * 2.0), name="out")
    return Model(["out"])


@model(frozen=False)
def reads_after_what_another_update_uses() -> Model:
    v, w = _variable("v", 1.0), _variable("w", 2.0)
    with tf.control_dependencies([tf1.assign_add(v, 1.0)]):
        other = tf1.assign(w, tf.identity(5.0))
    with tf.control_dependencies([other]):
        tf.identity(v.read_value(), name="out")
    return Model(["out"])


@model(control_flow_v2=False, frozen=False)
def loops_after_an_update() -> Model:
    count, factor = _variable("count", 1.0), _variable("factor", 3.0)
    with tf.control_dependencies([tf1.assign_add(count, 1.0)]):
        made = tf1.while_loop(lambda y: y < 20.0, lambda y: y * factor, [2.0])
    tf.identity(made, name="out")
    return Model(["out"])


@model(frozen=False)
def updates_what_it_updated() -> Model:
    v, w = _variable("v", [1.0, 2.0]), _variable("w", [3.0, 4.0])
    twice = tf1.scatter_update(tf1.assign(v, w * 2.0), [0], [7.0])
    with tf.control_dependencies([twice]):
        tf.identity(w, name="out")
    return Model(["out"])


@model(frozen=False)
def wants_the_update() -> Model:
    v = _variable("v", [1.0, 2.0])
    tf.group(tf.group(tf1.assign_add(v, [1.0, 1.0])), name="out")
    return Model(["out"], runnable=[])


@model(control_flow_v2=False, frozen=False)
def classifies_in_training() -> Model:
    """All that a training program leaves beside its network."""
    x = tf1.placeholder(tf.float32, [None, 3], name="x")
    labels = tf1.placeholder(tf.int32, [None], name="labels")
    keep = tf1.placeholder_with_default(1.0, [], name="keep_prob")
    kernel = _variable("kernel", np.eye(3, dtype=np.float32))
    logits = tf.matmul(tf1.nn.dropout(x, keep_prob=keep), kernel, name="logits")
    tf.nn.softmax(logits, name="out")
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
    loss = tf.reduce_mean(losses, name="loss")
    step = tf1.train.get_or_create_global_step()
    rate = tf1.train.exponential_decay(0.1, step, 100, 0.9)
    train = tf1.train.AdamOptimizer(rate).minimize(loss, global_step=step)
    with tf.control_dependencies([train]):
        tf1.train.ExponentialMovingAverage(0.9, step).apply([kernel])
    found = tf.argmax(logits, 1, tf.int32, name="found")
    tf.reduce_mean(tf.cast(tf.equal(found, labels), tf.float32), name="accuracy")
    tf1.metrics.accuracy(labels, found)
    tf1.summary.scalar("loss", loss)
    tf1.summary.merge_all()
    tf.debugging.assert_non_negative(loss)
    tf1.report_uninitialized_variables()
    tf.queue.FIFOQueue(3, tf.float32, name="queue").enqueue(loss)
    data = tf1.data.make_initializable_iterator(tf1.data.Dataset.range(3))
    data.get_next()
    tf1.train.Saver(name="other", sharded=True)
    labels = np.array([0, 1, 2, 0], np.int32)
    return Model(["out", "accuracy"], {"x": X, "labels": labels})
