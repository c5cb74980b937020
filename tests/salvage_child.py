"""What tests of salvage ask of TensorFlow, in a process of its own.

`python salvage_child.py FOLDER` reads the prefixes that FOLDER/prefixes lists, copies
of the golden checkpoint `objects` or what is left of it, and restores those with an
object graph. FOLDER/contents is a pickle of {prefix: {name: (type, shape, bytes)}},
FOLDER/restored one of {prefix: the bytes of the program's variables}.
"""

from __future__ import annotations

import pickle
import sys
from pathlib import Path
from typing import Any

import children

GRAPH_KEY = "_CHECKPOINTABLE_OBJECT_GRAPH"


def run(folder: Path) -> None:
    """Runs this file in a child process."""
    children.run_with_tensorflow(__file__, folder)


def _make(tf: Any) -> tuple[Any, list[Any]]:
    """Gives the objects of the program, and their variables, all 0."""
    weights = [tf.Variable(tf.zeros((2, count))) for count in (2, 3)]
    bias = tf.Variable(tf.zeros((), tf.float64))
    named = tf.Variable(tf.zeros((), tf.int64))
    inner = tf.train.Checkpoint(bias=bias)
    model = tf.train.Checkpoint(layers=weights, scope=inner, named={"a.b/c": named})
    return model, [*weights, bias, named]


def _read(tf: Any, prefix: str) -> dict[str, Any]:
    reader = tf.train.load_checkpoint(prefix)
    contents = {}
    for name, dtype in reader.get_variable_to_dtype_map().items():
        value = reader.get_tensor(name)
        is_text = dtype == tf.string
        content = value if is_text else value.tobytes()
        shape = reader.get_variable_to_shape_map()[name]
        contents[name] = dtype.name, tuple(shape), content
    return contents


def _read_all(tf: Any, folder: Path) -> None:
    prefixes = pickle.loads((folder / "prefixes").read_bytes())
    contents = {prefix: _read(tf, prefix) for prefix in prefixes}
    (folder / "contents").write_bytes(pickle.dumps(contents))
    restored = {}
    for prefix in prefixes:
        if GRAPH_KEY in contents[prefix]:
            checkpoint, variables = _make(tf)
            checkpoint.read(prefix).expect_partial()
            restored[prefix] = [it.numpy().tobytes() for it in variables]
    (folder / "restored").write_bytes(pickle.dumps(restored))


if __name__ == "__main__":
    import tensorflow

    _read_all(tensorflow, Path(sys.argv[1]))
