"""What tests of salvage ask of TensorFlow, in a process of its own.

`python salvage_child.py write FOLDER` writes FOLDER/objects, a checkpoint of objects
with an optimizer, and FOLDER/values, a pickle of what TensorFlow reads in it.
`python salvage_child.py read FOLDER` reads the prefixes that FOLDER/prefixes lists,
and restores those with an object graph; FOLDER/contents is a pickle of {prefix: {name:
(type, shape, bytes)}} and FOLDER/restored one of {prefix: the model's values}.
"""

from __future__ import annotations

import os
import pickle
import sys
from pathlib import Path
from typing import Any

import children

TESTS = Path(__file__).resolve().parent
GRAPH_KEY = "_CHECKPOINTABLE_OBJECT_GRAPH"


def run(command: str, folder: Path) -> None:
    """Runs this file in a child process."""
    environment = os.environ | {
        "CUDA_VISIBLE_DEVICES": "-1",
        "PYTHONPATH": str(TESTS),
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    done = children.run(
        [sys.executable, __file__, command, folder],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-4000:]


def _make(tf: Any, scale: float) -> tuple[Any, list[Any]]:
    """Gives objects as a training program holds them, and the model's variables."""
    model = tf.Module()
    model.layers = [tf.Module() for _ in range(4)]
    variables = []
    for number, layer in enumerate(model.layers):
        shape = (3 + number, 5)
        values = tf.reshape(tf.range(5.0 * shape[0]), shape) + number
        layer.kernel = tf.Variable(values * scale)
        layer.bias = tf.Variable(tf.range(5) * int(10 * scale))
        variables += [layer.kernel, layer.bias]
    optimizer = tf.Module()
    optimizer.iterations = tf.Variable(int(100 * scale), dtype=tf.int64)
    return tf.train.Checkpoint(model=model, optimizer=optimizer), variables


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


def _write_all(tf: Any, folder: Path) -> None:
    checkpoint, _ = _make(tf, 1.0)
    checkpoint.write(str(folder / "objects"))
    values = _read(tf, str(folder / "objects"))
    (folder / "values").write_bytes(pickle.dumps(values))


def _read_all(tf: Any, folder: Path) -> None:
    prefixes = pickle.loads((folder / "prefixes").read_bytes())
    contents = {prefix: _read(tf, prefix) for prefix in prefixes}
    (folder / "contents").write_bytes(pickle.dumps(contents))
    restored = {}
    for prefix in prefixes:
        if GRAPH_KEY in contents[prefix]:
            checkpoint, variables = _make(tf, 0.0)
            checkpoint.read(prefix).expect_partial()
            restored[prefix] = [it.numpy().tobytes() for it in variables]
    (folder / "restored").write_bytes(pickle.dumps(restored))


if __name__ == "__main__":
    import tensorflow

    {"write": _write_all, "read": _read_all}[sys.argv[1]](tensorflow, Path(sys.argv[2]))
