"""Arrays in nested dicts: by the objects of TensorFlow 2, or by their names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from fastckpt.objects.mapping import ObjectGraph
from fastckpt.objects.message import GRAPH_KEY
from fastckpt.reading.checkpoint import Checkpoint
from fastckpt.reading.holding import drop_of

__all__ = ["Tree", "check_tree", "nest"]


class Tree(NamedTuple):
    """How names become nested dicts.

    Attributes:
        graph: Whose paths the names become; None: they are split at "/".
    """

    graph: ObjectGraph | None


def check_tree(checkpoint: Checkpoint, slots: dict[str, int], names: Any) -> Tree:
    """Gives how a call's names become nested dicts, before anything is read.

    Of a variable that is stored twice the copy is left out of ``slots``.

    Raises:
        ValueError: A name is another one's folder, or the object graph has no object
            of it.
        CorruptionError: The object graph is damaged.
    """
    if isinstance(names, Mapping) or GRAPH_KEY not in checkpoint:
        _check_names(checkpoint, slots)
        return Tree(None)
    graph = checkpoint.objects
    for name in list(slots):
        key = graph.find_key(name)
        if key is None:
            raise ValueError(
                f"tensor {name!r} is no object of the checkpoint's graph, so it has no "
                f"place in the tree; leave it out (drop=[{name!r}]), or nested=False"
            )
        if key != name and key in slots:
            del slots[name]
    return Tree(graph)


def _check_names(checkpoint: Checkpoint, names: Mapping[str, Any]) -> None:
    folders: dict[str, str] = {}
    below = []
    for name in names:
        folder = name.rpartition("/")[0]
        is_below = False
        while folder:
            if folder in names:
                folders.setdefault(folder, name)
                is_below = True
            folder = folder.rpartition("/")[0]
        if is_below:
            below.append(name)
    if not below:
        return
    folder, name = next(iter(folders.items()))
    drop = drop_of(below, checkpoint._reader)
    raise ValueError(
        f"{len(folders):,} names are leaves of the tree and folders, too: {folder!r}, "
        f"for {name!r}, ...; leave out what lies below them (drop={drop}; where "
        "that is optimizer state, strip the checkpoint before), give them other "
        "names (names={wanted: name}), or nested=False"
    )


def nest(tree: Tree, arrays: Mapping[str, Any]) -> dict[str, Any]:
    """Gives arrays in nested dicts."""
    if tree.graph is not None:
        return tree.graph.nest(arrays)
    root: dict[str, Any] = {}
    for name, array in arrays.items():
        *folders, last = name.split("/")
        branch = root
        for folder in folders:
            branch = branch.setdefault(folder, {})
        branch[last] = array
    return root
