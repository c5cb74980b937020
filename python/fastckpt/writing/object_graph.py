"""The object graph of a checkpoint that others were made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fastckpt.objects.edits import make_fitting
from fastckpt.objects.message import GRAPH_KEY, read_content
from fastckpt.reading.checkpoint import Checkpoint
from fastckpt.reading.steady import read_steadily

__all__ = ["fit_object_graph", "read_graph"]


def read_graph(checkpoint: Checkpoint) -> bytes | None:
    """Gives the object graph, checked whatever the checkpoint was opened with.

    Raises:
        CorruptionError: It is damaged.
    """
    if GRAPH_KEY not in checkpoint:
        return None
    return read_content({GRAPH_KEY: read_steadily(checkpoint, GRAPH_KEY)})


def fit_object_graph(
    checkpoint: Checkpoint, new_names: Mapping[str, Sequence[str]]
) -> dict[str, bytes]:
    """Gives the object graph that fits what is kept of a checkpoint.

    Args:
        checkpoint: The source.
        new_names: {name: the names that it gets}; what is not in it is left out.

    Returns:
        {name of the tensor that holds the graph: its new contents}; {} where none is
        written, or the one that is there fits.

    Raises:
        CorruptionError, UnsupportedError: It would have to change and cannot be read.
        ValueError: It cannot say what the tensors' names would be.
    """
    if GRAPH_KEY not in new_names.get(GRAPH_KEY, ()):
        return {}
    names = set(checkpoint)
    if all(name in new_names.get(name, ()) for name in names):
        return {}
    old = read_graph(checkpoint) or b""
    new = make_fitting(old, names, new_names)
    return {} if new == old else {GRAPH_KEY: new}
