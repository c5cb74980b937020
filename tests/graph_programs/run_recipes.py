"""Runs what `graph` prints to run a graph: ``python run_recipes.py FILE``.

FILE is JSON, {name: {"lines": Python, "feeds": arrays as lists, one for each ``...``}}.
Prints one JSON document: "ops", all the kinds of operations that TensorFlow has, and
"results", {name: outputs as lists}.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorflow.core.framework import op_def_pb2
from tensorflow.python.client import pywrap_tf_session

feeds: list[np.ndarray] = []


def run(job: dict) -> list:
    *lines, last = job["lines"]
    feeds[:] = [np.array(it, np.float32) for it in job["feeds"]]
    fed = "tf.constant(feeds.pop(0))" if tf.executing_eagerly() else "feeds.pop(0)"
    scope = {"tf": tf, "feeds": feeds}
    with tf.device(None) if tf.executing_eagerly() else tf.Graph().as_default():
        exec("\n".join(lines), scope)
        found = eval(last.replace("...", fed), scope)
    found = list(found.values()) if isinstance(found, dict) else found
    return [np.asarray(it).tolist() for it in found]


def main() -> None:
    jobs = json.loads(Path(sys.argv[1]).read_text())
    eager = {n: it for n, it in jobs.items() if it["lines"][0].startswith("model")}
    results = {name: run(job) for name, job in eager.items()}
    tf.compat.v1.disable_eager_execution()
    results |= {name: run(job) for name, job in jobs.items() if name not in eager}
    listed = pywrap_tf_session.TF_GetBuffer(pywrap_tf_session.TF_GetAllOpList())
    ops = [op.name for op in op_def_pb2.OpList.FromString(listed).op]
    print(json.dumps({"ops": ops, "results": results}))


main()
