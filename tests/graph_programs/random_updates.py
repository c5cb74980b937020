"""Freezes random programs that update variables: ``random_updates.py KIND SEED COUNT``.

KIND is ``v1`` (branches and loops among the graph's nodes, references and resources) or
``v2`` (in functions, which order what they do themselves). Each program does one thing
after another, so that what it gives is certain. Prints what became of each seed:
``equal``, ``refused``, or what is wrong.
"""

from __future__ import annotations

import random
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from harness import make_session, tf, tf1

import fastckpt

INPUTS = (-1.0, 0.1, 0.7, 3.0)
COUNT = 3  # of variables
Program = Callable[[Any, Any], Any]


class Step(NamedTuple):
    """What a program does next.

    Attributes:
        kind: What: read, update, compute, branch, loop or call.
        variable: Which variable.
        factor: A number to compute with.
        counts: Whether what it gives is used; of an update, whether it adds.
        inner: The programs of branches, loops and calls.
    """

    kind: str
    variable: int
    factor: float
    counts: bool
    inner: list[Program]


def make_program(kind: str, choose: random.Random, depth: int) -> Program:
    """Makes a function of the variables and a number."""
    kinds = ["read", "update", "update", "compute"]
    if depth:
        kinds += ["branch", "loop"] + ["call"] * (kind == "v2")
    steps = []
    for _ in range(choose.randint(1, 4)):
        what = choose.choice(kinds)
        count = {"branch": 2, "loop": 1, "call": 1}.get(what, 0)
        inner = [make_program(kind, choose, depth - 1) for _ in range(count)]
        number = choose.choice([-1.0, 0.3, 2.0])
        steps.append(
            Step(what, choose.randrange(COUNT), number, choose.random() < 0.5, inner)
        )
    return lambda variables, y: run_steps(steps, variables, y)


def run_steps(steps: list[Step], variables: Any, y: Any) -> Any:
    """Does what the steps say, one after the other."""
    last = y = tf.identity(y) * 1.0
    for step in steps:
        with tf.control_dependencies([last]):
            if step.kind == "update" and step.counts:
                last = tf1.assign_add(variables[step.variable], step.factor)
            elif step.kind == "update":
                last = tf1.assign(variables[step.variable], y * step.factor)
            else:
                last = compute(step, variables, y)
                y = last if step.counts or step.kind in ("read", "compute") else y
    with tf.control_dependencies([last]):
        return tf.identity(y) * 1.0


def compute(step: Step, variables: Any, y: Any) -> Any:
    """Gives what a step makes of a number."""
    runs = [lambda z, each=each: each(variables, z) for each in step.inner]
    if step.kind == "read":
        return y + variables[step.variable].read_value() * step.factor
    if step.kind == "compute":
        return tf.tanh(y) * step.factor
    if step.kind == "branch":
        return tf1.cond(y > step.factor, lambda: runs[0](y), lambda: runs[1](y))
    if step.kind == "call":
        return tf.function(runs[0])(y)
    made = tf1.while_loop(lambda i, _: i < 2, lambda i, z: (i + 1, runs[0](z)), [0, y])
    return made[1]


def build(kind: str, choose: random.Random) -> None:
    """Builds a graph from ``x`` to ``out``."""
    is_resource = kind == "v2" or choose.random() < 0.5
    variables = [
        tf1.get_variable(f"v{i}", initializer=(i + 1) / 2, use_resource=is_resource)
        for i in range(COUNT)
    ]
    y = tf1.placeholder(tf.float32, [], name="x")
    for _ in range(choose.randint(1, 2)):
        program = make_program(kind, choose, choose.choice([0, 1, 1, 2]))
        run = lambda z, program=program: program(variables, z)  # noqa: E731
        with tf.control_dependencies([y]):
            made = tf.function(run)(y) if kind == "v2" else run(y)
        y = made if choose.random() < 0.5 else y + 0.0 * made
    tf.identity(y, name="out")


def run_all(restore: Callable[[Any], None]) -> list[float]:
    """Gives ``out`` for all inputs, each from the beginning."""
    with make_session() as session:
        results = []
        for value in INPUTS:
            restore(session)
            results.append(session.run("out:0", {"x:0": value}))
        return results


def check(kind: str, seed: int, folder: Path) -> str:
    """Builds, freezes and compares one program."""
    prefix = str(folder / "model")
    with tf.Graph().as_default():
        build(kind, random.Random(seed))
        saver = tf1.train.Saver()
        with make_session() as session:
            session.run(tf1.global_variables_initializer())
            saver.save(session, prefix)
        expected = run_all(lambda session: saver.restore(session, prefix))
    try:
        fastckpt.freeze(prefix, "out", to=folder / "out.pb")
    except fastckpt.UnsupportedError:
        return "refused"
    graph = tf1.GraphDef.FromString((folder / "out.pb").read_bytes())
    try:
        with tf.Graph().as_default():
            tf.import_graph_def(graph, name="")
            results = run_all(lambda session: None)
    except Exception as error:
        return f"is not run: {error}"
    is_equal = np.allclose(results, expected, 1e-4, 1e-5, equal_nan=True)
    return "equal" if is_equal else f"{results} is not {expected}"


if __name__ == "__main__":
    tf1.disable_eager_execution()
    which, first, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    (tf1.enable_control_flow_v2 if which == "v2" else tf1.disable_control_flow_v2)()
    with tempfile.TemporaryDirectory() as place:
        for number in range(first, first + count):
            print(number, check(which, number, Path(place)).replace("\n", " "))
