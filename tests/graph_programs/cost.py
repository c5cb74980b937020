"""Freezes one model, and tells what it took: ``python cost.py HOW PREFIX FILE``.

HOW is ``tensorflow``, ``fastckpt``, or ``make`` (which writes the model and takes no
FILE). Prints the peak of the process's memory, and what of it is its own, in bytes.
"""

from __future__ import annotations

import sys

LAYERS, UNITS = 6, 2000


def make(prefix: str) -> None:
    """Writes a network of some 96 MB."""
    from harness import tf, tf1

    tf1.disable_eager_execution()
    y = tf1.placeholder(tf.float32, [None, UNITS], name="x")
    for i in range(LAYERS):
        y = tf.nn.relu(y @ tf1.get_variable(f"kernel{i}", [UNITS, UNITS]))
    tf.identity(y, name="out")
    with tf1.Session() as session:
        session.run(tf1.global_variables_initializer())
        tf1.train.Saver().save(session, prefix)


def freeze_with_tensorflow(prefix: str, path: str) -> None:
    """Freezes as people did."""
    from tensorflow.python.tools import freeze_graph

    freeze_graph.freeze_graph(
        None,
        "",
        True,
        prefix,
        "out",
        None,
        None,
        path,
        True,
        "",
        input_meta_graph=f"{prefix}.meta",
        saved_model_tags="",
    )


def freeze_with_fastckpt(prefix: str, path: str) -> None:
    """Freezes without TensorFlow."""
    import fastckpt

    fastckpt.freeze(prefix, ["out"], to=path)


def read_status(field: str) -> int:
    """Gives bytes of the system's account of this process.

    `getrusage` is no use: its peak has the process in it that began this one.
    """
    with open("/proc/self/status") as status:
        lines = [line for line in status if line.startswith(field)]
    return int(lines[0].split()[1]) << 10


if __name__ == "__main__":
    how, *places = sys.argv[1:]
    {
        "make": make,
        "tensorflow": freeze_with_tensorflow,
        "fastckpt": freeze_with_fastckpt,
    }[how](*places)
    print(read_status("VmHWM"), read_status("RssAnon"))
