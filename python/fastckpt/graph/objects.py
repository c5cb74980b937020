"""The objects of a TensorFlow 2 checkpoint: their values by the paths people know.

Source: tensorflow/core/protobuf/trackable_object_graph.proto,
tensorflow/python/checkpoint/checkpoint.py.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from fastckpt.errors import CorruptionError
from fastckpt.graph.files import parse
from fastckpt.graph.names import find_close
from fastckpt.graph.object_paths import ObjectPaths

if TYPE_CHECKING:
    from fastckpt.checkpoint import Checkpoint

__all__ = ["ObjectGraph", "ObjectNode"]

GRAPH_KEY = "_CHECKPOINTABLE_OBJECT_GRAPH"
_VALUE = "VARIABLE_VALUE"
# What follows an attribute's key in those of its tensors, where it has several or
# another name: tables and iterators.
_ENDINGS = ("-keys", "-values", "_STATE")
_SAVE_COUNTER = "save_counter/.ATTRIBUTES/VARIABLE_VALUE"


class ObjectNode:
    """One value of one object: mostly a variable's."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        path: tuple[str, ...],
        attribute: Any,
        object_path: tuple[str, ...],
    ) -> None:
        self._checkpoint = checkpoint
        self._parts = path
        self._object_path = object_path
        self._attribute = attribute
        self._slots: dict[str, ObjectNode] = {}

    def __repr__(self) -> str:
        return f"<ObjectNode {self.path!r}: {self.tf_dtype} {self.shape}>"

    @property
    def path(self) -> str:
        """The human path, ``"model/dense/kernel"``."""
        return "/".join(self._parts)

    @property
    def parts(self) -> tuple[str, ...]:
        """The names that the human path is made of; a name may have a slash itself."""
        return self._parts

    @property
    def object_path(self) -> tuple[str, ...]:
        """The names by which the program's objects hold each other."""
        return self._object_path

    @property
    def key(self) -> str:
        """The tensor's name in the checkpoint."""
        return str(self._attribute.checkpoint_key)

    @property
    def attribute(self) -> str:
        """Which value of the object it is; of a variable ``"VARIABLE_VALUE"``."""
        return str(self._attribute.name)

    @property
    def full_name(self) -> str:
        """The variable's own name, which several may share; "" if it has none."""
        return str(self._attribute.full_name)

    @property
    def shape(self) -> tuple[int, ...]:
        """The tensor's dimensions."""
        return tuple(self._checkpoint.info(self.key).shape)

    @property
    def dtype(self) -> np.dtype[Any] | None:
        """The tensor's NumPy type."""
        return self._checkpoint.info(self.key).dtype

    @property
    def tf_dtype(self) -> str:
        """TensorFlow's name of the type."""
        return self._checkpoint.info(self.key).tf_dtype

    @property
    def slots(self) -> dict[str, ObjectNode]:
        """What an optimizer keeps for this variable, by the slots' names."""
        return self._slots

    def value(self) -> np.ndarray[Any, Any]:
        """Gives the tensor as ``ckpt[key]`` does: a view where the file allows it."""
        return self._checkpoint[self.key]


class ObjectGraph(Mapping[str, ObjectNode]):
    """The values of a checkpoint's objects by human path.

    A value is also found by its key, by the path of the objects, and by its full name
    where that is the only one.
    """

    def __init__(self, checkpoint: Checkpoint, graph: Any) -> None:
        self._checkpoint = checkpoint
        self._nodes: dict[str, ObjectNode] = {}
        self._aliases: dict[str, ObjectNode | None] = {}
        self._missing: list[str] = []
        # For each path that several values have: the numbers that tell them apart.
        self._numbers: dict[tuple[str, ...], Iterator[int]] = {}
        by_id: dict[int, ObjectNode] = {}
        paths = ObjectPaths(graph)
        for node_id, attribute in paths.list_values():
            stored = self._find_stored(attribute)
            if not stored:
                self._missing.append(attribute.checkpoint_key)
            for each in stored:
                node = self._add(paths, node_id, each)
                by_id.setdefault(node_id, node)
        for slot in paths.list_slots():
            if slot.variable in by_id and slot.node in by_id:
                by_id[slot.variable].slots[slot.name] = by_id[slot.node]

    @classmethod
    def read(cls, checkpoint: Checkpoint) -> ObjectGraph:
        """Reads the object graph of an open checkpoint.

        Raises:
            KeyError: it has none; it was not written by ``tf.train.Checkpoint``.
            CorruptionError: the object graph is damaged.
        """
        if GRAPH_KEY not in checkpoint:
            raise KeyError(
                f"the checkpoint has no object graph (no tensor {GRAPH_KEY!r}): its "
                "tensors have names of their own, see list(ckpt)"
            )
        value = checkpoint[GRAPH_KEY]
        if value.shape or not isinstance(value[()], bytes):
            raise CorruptionError(f"{GRAPH_KEY} is no single string", tensor=GRAPH_KEY)
        graph = parse("TrackableObjectGraph", value[()], GRAPH_KEY)
        return cls(checkpoint, graph)

    def __getitem__(self, path: str) -> ObjectNode:
        node = self._nodes.get(path) or self._aliases.get(path)
        if node is None:
            close = find_close(path, self._nodes)
            raise KeyError(f"the checkpoint has no object {path!r}{close}")
        return node

    def __iter__(self) -> Iterator[str]:
        return iter(self._nodes)

    def __len__(self) -> int:
        return len(self._nodes)

    def __repr__(self) -> str:
        return f"<ObjectGraph of {len(self)} values>"

    @property
    def missing(self) -> list[str]:
        """The keys that the object graph names and the checkpoint lacks."""
        return list(self._missing)

    @property
    def save_counter(self) -> int | None:
        """How often the program had saved, None if it did not count."""
        if _SAVE_COUNTER not in self._checkpoint:
            return None
        return int(self._checkpoint[_SAVE_COUNTER][()])

    def tree(self) -> dict[str, Any]:
        """Gives all nodes in nested dicts by the names of their paths."""
        return _nest((node, node) for node in self._nodes.values())

    def nested(self) -> dict[str, Any]:
        """Gives every array in nested dicts, names unescaped, ready for JAX or Flax.

        Strings and what has no form outside TensorFlow, such as an iterator's state,
        are no arrays there and left out. The arrays are those of ``ckpt.load()``:
        views where the file allows it. Where a name has both a value and names below
        it, the value is below it as ``VARIABLE_VALUE``.
        """
        numeric = [node for node in self._nodes.values() if _is_numeric(node)]
        arrays = self._checkpoint.load([node.key for node in numeric])
        return _nest((node, arrays[node.key]) for node in numeric)

    def _find_stored(self, attribute: Any) -> list[Any]:
        """Gives one attribute for each tensor that an attribute is stored as."""
        if attribute.checkpoint_key in self._checkpoint:
            return [attribute]
        parts = (_extend(attribute, ending) for ending in _ENDINGS)
        return [each for each in parts if each.checkpoint_key in self._checkpoint]

    def _add(self, paths: ObjectPaths, node_id: int, attribute: Any) -> ObjectNode:
        parts = self._choose_path(list(paths.list_human_paths(node_id, attribute)))
        object_path = paths.get_object_path(node_id)
        node = ObjectNode(self._checkpoint, parts, attribute, object_path)
        self._nodes[node.path] = node
        for alias in paths.list_aliases(node_id, attribute):
            is_new = self._aliases.setdefault(alias, node) is node
            if not is_new:
                self._aliases[alias] = None
        return node

    def _choose_path(self, paths: list[tuple[str, ...]]) -> tuple[str, ...]:
        """Gives the first path that is no other value's, if need be with a number."""
        for parts in paths:
            if "/".join(parts) not in self._nodes:
                return parts
        *outer, last = paths[0]
        numbers = self._numbers.setdefault(paths[0], itertools.count(1))
        numbered = ((*outer, f"{last}_{i}") for i in numbers)
        return next(each for each in numbered if "/".join(each) not in self._nodes)


def _is_numeric(node: ObjectNode) -> bool:
    return node.dtype is not None and node.tf_dtype != "string"


def _extend(attribute: Any, ending: str) -> Any:
    part = type(attribute)()
    part.CopyFrom(attribute)
    part.name += ending
    part.checkpoint_key += ending
    return part


def _nest(pairs: Iterable[tuple[ObjectNode, Any]]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for node, value in pairs:
        branch = tree
        for name in node.parts[:-1]:
            below = branch.setdefault(name, {})
            if not isinstance(below, dict):
                below = branch[name] = {_VALUE: below}
            branch = below
        last = node.parts[-1]
        if isinstance(branch.get(last), dict):
            branch[last][node.attribute] = value
        else:
            branch[last] = value
    return tree
