"""The objects of a TensorFlow 2 checkpoint: their values by the paths people know.

Source: tensorflow/core/protobuf/trackable_object_graph.proto,
tensorflow/python/checkpoint/checkpoint.py.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from fastckpt.base.collector import collecting_rarely
from fastckpt.base.late_text import LateText
from fastckpt.base.names import closest, list_some
from fastckpt.errors import MissingKeyError
from fastckpt.objects.copies import find_copies
from fastckpt.objects.message import (
    GRAPH_KEY,
    VALUE,
    Node,
    Value,
    list_stored_keys,
    parse,
    read_content,
)
from fastckpt.objects.names import split_key
from fastckpt.objects.node import ObjectNode, Tensors
from fastckpt.objects.paths import ObjectPaths

__all__ = ["ObjectGraph", "ObjectNode"]

_SAVE_COUNTER = "save_counter/.ATTRIBUTES/VARIABLE_VALUE"


class ObjectGraph(Mapping[str, ObjectNode]):
    """The values of a checkpoint's objects by human path.

    A value is also found by its key, by the path of the objects, and by its full name
    where that is the only one.
    """

    def __init__(self, content: bytes, tensors: Tensors) -> None:
        self._tensors = tensors
        self._nodes: dict[str, ObjectNode] = {}
        self._by_key: dict[str, ObjectNode] = {}
        self._aliases: dict[str, ObjectNode | list[ObjectNode]] = {}
        self._missing: list[str] = []
        self._called: dict[str, list[str]] = {}
        # For each path that several values have: the numbers that tell them apart.
        self._numbers: dict[tuple[str, ...], Iterator[int]] = {}
        with collecting_rarely():
            objects = parse(content)
            paths = ObjectPaths(objects)
            by_id = self._add_values(objects, paths)
            for slot in paths.list_slots():
                if slot.variable in by_id and slot.node in by_id:
                    by_id[slot.variable].slots[slot.name] = by_id[slot.node]

    @classmethod
    def read(cls, checkpoint: Any) -> ObjectGraph:
        """Reads the object graph of an open checkpoint.

        Raises:
            KeyError: It has none; it was not written by ``tf.train.Checkpoint``.
            CorruptionError: The object graph is damaged.
        """
        content = read_content(checkpoint)
        if content is None:
            raise MissingKeyError(
                f"the checkpoint has no object graph (no tensor {GRAPH_KEY!r}): its "
                "tensors have names of their own, see list(ckpt)"
            )
        return cls(content, checkpoint)

    def __getitem__(self, path: str) -> ObjectNode:
        found = self._find(path)
        if len(found) != 1:
            raise self._make_missing(path)
        return found[0]

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
        if _SAVE_COUNTER not in self._tensors:
            return None
        return int(self._tensors[_SAVE_COUNTER][()])

    def names(self) -> dict[str, str]:
        """Gives {human path: key} of all values, ready for ``ckpt.load()``."""
        return {path: node.key for path, node in self._nodes.items()}

    def called(self) -> dict[str, list[str]]:
        """Gives {human path: keys} of what values would be called, were each alone.

        ``names()`` tells those apart that would share a path.
        """
        return {path: list(keys) for path, keys in self._called.items()}

    def keys_of(self, path: str) -> list[str]:
        """Gives the keys of the values that a path may mean.

        It is a human path, or any of the other names by which ``objects[path]`` finds
        values; several have a name such as a full name that they share.
        """
        return [node.key for node in self._find(path)]

    def by_key(self) -> dict[str, ObjectNode]:
        """Gives {key: value} of all tensors, of a variable stored twice both."""
        return dict(self._by_key)

    def tree(self) -> dict[str, Any]:
        """Gives all nodes in nested dicts by the names of their paths."""
        nodes = self._nodes.values()
        return _nest((node.parts, node.attribute, node) for node in nodes)

    def nested(self, path: str | None = None) -> dict[str, Any]:
        """Gives arrays in nested dicts, names unescaped, ready for JAX or Flax.

        Strings and what has no form outside TensorFlow, such as an iterator's state,
        are no arrays there and left out. The arrays are those of ``ckpt.load()``:
        views where the file allows it. Where a name has both a value and names below
        it, the value is below it as ``VARIABLE_VALUE``.

        Args:
            path: The human path below which they are, ``"model"``; None: all. Nothing
                else is read or checked.

        Raises:
            KeyError: No value is below that path.
        """
        found = self._nodes.values() if path is None else self._list_below(path)
        chosen = [node for node in found if _is_numeric(node)]
        arrays = self._tensors.load([node.key for node in chosen])
        return _nest(
            (_find_rest(node.parts, path) or (VALUE,), node.attribute, arrays[node.key])
            for node in chosen
        )

    def find_key(self, key: str) -> str | None:
        """Gives the key of the value that a tensor is: its own, or, of a variable that
        is stored twice, that of the first; None where the graph has no such tensor."""
        node = self._by_key.get(key)
        return None if node is None else node.key

    def nest(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Gives values by key in nested dicts, as ``nested`` gives the arrays.

        Raises:
            KeyError: The graph has no tensor of a key.
        """
        nodes = {key: self._by_key[key] for key in values}
        return _nest((it.parts, it.attribute, values[key]) for key, it in nodes.items())

    def _list_below(self, path: str) -> list[ObjectNode]:
        """Gives the nodes below a path, with that at it where there are others."""
        below = [it for it in self._nodes.values() if _find_rest(it.parts, path)]
        if not below and path in self._nodes:
            raise MissingKeyError(
                f"{path!r} is a value and has none below it: see objects[]"
            )
        if not below:
            raise self._make_missing(path)
        return [self._nodes[path], *below] if path in self._nodes else below

    def _add_values(
        self, objects: Sequence[Node], paths: ObjectPaths
    ) -> dict[int, ObjectNode]:
        """Adds all values, each tensor once, and gives the first of each object."""
        by_id: dict[int, ObjectNode] = {}
        by_name: dict[tuple[int, str], ObjectNode] = {}
        copies = find_copies(objects, lambda i: self._describe(objects[i]))
        values = sorted(paths.list_values(), key=lambda pair: pair[0] in copies)
        for node_id, value in values:
            stored = list(list_stored_keys(value, self._tensors))
            if not stored:
                self._missing.append(value.key)
            for name, key in stored:
                again = by_name.get((copies.get(node_id, -1), name))
                node = again or self._by_key.get(key)
                if node is None:
                    part = Value(name, value.full_name, key)
                    node = self._add(paths, node_id, part)
                self._by_key.setdefault(key, node)
                self._add_aliases([key, "/".join(split_key(key))], node)
                by_id.setdefault(node_id, node)
                by_name[node_id, name] = node
        return by_id

    def _describe(self, node: Node) -> Any:
        """Gives what the index tells of an object's values."""
        stored = [
            (value.full_name, self._tensors.info(key))
            for value in node.values
            for _, key in list_stored_keys(value, self._tensors)
        ]
        return tuple(
            (full_name, info.tf_dtype, info.shape, info.crc32c)
            for full_name, info in stored
        )

    def _add(self, paths: ObjectPaths, node_id: int, value: Value) -> ObjectNode:
        options = list(paths.list_human_paths(node_id, value))
        parts = self._choose_path(options)
        self._called.setdefault("/".join(options[0]), []).append(value.key)
        object_path = paths.get_object_path(node_id)
        node = ObjectNode(self._tensors, parts, value, object_path)
        self._nodes[node.path] = self._by_key[node.key] = node
        self._add_aliases(paths.list_aliases(node_id, value), node)
        return node

    def _find(self, path: str) -> list[ObjectNode]:
        node = self._nodes.get(path) or self._by_key.get(path)
        found = self._aliases.get(path, []) if node is None else node
        return found if isinstance(found, list) else [found]

    def _add_aliases(self, aliases: Iterable[str], node: ObjectNode) -> None:
        for alias in aliases:
            known = self._aliases.setdefault(alias, node)
            if isinstance(known, list):
                # One value's names come in a row.
                if known[-1] is not node:
                    known.append(node)
            elif known is not node:
                self._aliases[alias] = [known, node]

    def _make_missing(self, path: str) -> KeyError:
        nodes = self._nodes
        several = [node.path for node in self._find(path)]

        def tell() -> str:
            if several:
                listed = list_some(several)
                return f"{path!r} is the name of {len(several):,} values: {listed}"
            close = closest(path, sorted(nodes)) if isinstance(path, str) else []
            hint = f"; did you mean {' or '.join(map(repr, close))}?" if close else ""
            return f"the checkpoint has no object {path!r}{hint}"

        return MissingKeyError(LateText(tell))

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


def _find_rest(parts: tuple[str, ...], path: str | None) -> tuple[str, ...]:
    """Gives what follows a path in the names of another; () if it is not below."""
    if path is None:
        return parts
    for count in range(1, len(parts)):
        if "/".join(parts[:count]) == path:
            return parts[count:]
    return ()


def _nest(items: Iterable[tuple[tuple[str, ...], str, Any]]) -> dict[str, Any]:
    """Gives nested dicts of (names, name where a value is above others, value)."""
    tree: dict[str, Any] = {}
    for parts, name, value in items:
        branch = tree
        for part in parts[:-1]:
            below = branch.setdefault(part, {})
            if not isinstance(below, dict):
                below = branch[part] = {VALUE: below}
            branch = below
        last = parts[-1]
        if isinstance(branch.get(last), dict):
            branch[last][name] = value
        else:
            branch[last] = value
    return tree
