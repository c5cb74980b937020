"""Runs frozen graphs with TensorFlow: ``python run_frozen.py JOBS``.

JOBS is a JSON file: a list of {"graph": file, "outputs": names, "feeds": {name:
{"dtype", "value"}}, "added": [[name, function, tensor, constant]], "result": file,
"first": names, "eager": bool}. What is added is put onto the graph after it was
imported; the nodes that are first run before; an eager graph is imported into the
process's own context, where all functions meet. Each result is written as
``save_values`` does; a graph that cannot be run leaves its error in a file
``result`` + ".error".
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from harness import make_session, save_values, tf, tf1


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Gives the outputs of one frozen graph, by their names; tensors' names, too."""
    graph_def = tf1.GraphDef()
    graph_def.ParseFromString(Path(job["graph"]).read_bytes())
    feeds = {
        f"{name}:0": np.array(feed["value"], feed["dtype"])
        for name, feed in job["feeds"].items()
    }
    fetches = {n: n if ":" in n else f"{n}:0" for n in job["outputs"]}
    if job["eager"]:
        made = tf1.wrap_function(lambda: tf.import_graph_def(graph_def, name=""), [])
        called = made.prune(list(feeds), fetches)
        return called(*map(tf.constant, feeds.values()))
    with tf.Graph().as_default():
        tf.import_graph_def(graph_def, name="")
        for name, function, source, value in job["added"]:
            tensor = tf1.get_default_graph().get_tensor_by_name(source)
            getattr(tf, function)(tensor, tf.constant(value), name=name)
        with make_session() as session:
            session.run(job["first"], feeds)
            return session.run(fetches, feeds)


if __name__ == "__main__":
    for each in json.loads(Path(sys.argv[1]).read_text()):
        try:
            save_values(Path(each["result"]), run(each))
        except Exception as error:
            Path(each["result"] + ".error").write_text(str(error))
