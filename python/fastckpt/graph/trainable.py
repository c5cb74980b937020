"""Which variables a graph trains.

Graphs of TensorFlow 1 have a collection of them. A SavedModel of TensorFlow 2 has the
objects: the key of a variable's tensor is the object's path, and several objects may
have one name, so the path is followed.
"""

from __future__ import annotations

from typing import Any

from fastckpt.graph.files import parse
from fastckpt.objects.names import split_key

__all__ = ["TrainableVariables"]

_ATTRIBUTE = "/.ATTRIBUTES/"


class TrainableVariables:
    """Tells of a MetaGraphDef's variables whether they are trained."""

    def __init__(self, meta: Any) -> None:
        self._nodes = meta.object_graph_def.nodes
        self._children: dict[int, dict[str, int]] = {}
        objects = [each.variable for each in self._nodes]
        self._names = {each.name for each in objects if each.trainable}
        self._ambiguous = self._names & {it.name for it in objects if not it.trainable}
        collections = meta.collection_def
        if "trainable_variables" in collections:
            values = collections["trainable_variables"].bytes_list.value
            read = [parse("VariableDef", it, "a trainable variable") for it in values]
            self._names |= {it.variable_name.removesuffix(":0") for it in read}

    def has(self, name: str, key: str | None) -> bool:
        """Tells whether a variable is trained.

        Args:
            name: Its node.
            key: Its tensor in the checkpoint, if it is saved.
        """
        found = self._find(key) if key is not None and _ATTRIBUTE in key else None
        if found is not None:
            return bool(found.trainable)
        return name in self._names and name not in self._ambiguous

    def _find(self, key: str) -> Any:
        """Gives the SavedVariable at the path that a key is, None if there is none."""
        number = 0
        for part in split_key(key):
            following = self._list_children(number).get(part)
            if following is None:
                return None
            number = following
        node = self._nodes[number]
        return node.variable if node.HasField("variable") else None

    def _list_children(self, number: int) -> dict[str, int]:
        if number not in self._children:
            count = len(self._nodes)
            listed = self._nodes[number].children if number < count else ()
            self._children[number] = {
                each.local_name: each.node_id
                for each in listed
                if 0 <= each.node_id < count
            }
        return self._children[number]
