"""The objects of an object graph: how they are reached, and what they are called."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from fastckpt.errors import CorruptionError
from fastckpt.graph.object_names import count_named, find_keras_part, split_key

__all__ = ["ObjectPaths", "Slot"]

_VALUE = "VARIABLE_VALUE"
# Deeper than programs nest their objects; a damaged graph could be a long chain.
_MAX_DEPTH = 100

# How Keras's optimizers hold what they train, and for each such list the values that
# they keep for its members, in the same order.
_TRAINED = "_trainable_variables"
_NO_SLOT_LISTS = frozenset({"_trainable_variables_indices", "_variables", _TRAINED})


class Slot(NamedTuple):
    """That an optimizer keeps a value for a variable; objects are numbers."""

    optimizer: int
    variable: int
    name: str
    node: int


class ObjectPaths:
    """The paths of the objects from the root, and the values that they have.

    An object that is reached in several ways has the shortest path that leads through
    no optimizer, or else the shortest one.

    Args:
        graph: The object graph's message (TrackableObjectGraph).

    Raises:
        CorruptionError: an object refers to one that is not there.
    """

    def __init__(self, graph: Any) -> None:
        self._nodes = list(graph.nodes)
        self._optimizers = {
            i for i, node in enumerate(self._nodes) if _is_optimizer(node)
        }
        # For each object that is reached: by whom, under which name, how far down.
        self._steps: dict[int, tuple[int, str, int]] = {}
        self._in_optimizer: set[int] = set()
        self._slots = {slot.node: slot for slot in self._find_slots()}
        if self._nodes:
            self._walk()
        # For each object below which Keras gave names: what all full names begin with.
        self._leading: dict[tuple[str, ...], list[str]] = {}
        self._find_leading()

    def list_values(self) -> Iterator[tuple[int, Any]]:
        """Gives all values: the object's number and its attribute's message."""
        for node_id, node in enumerate(self._nodes):
            for attribute in node.attributes:
                yield node_id, attribute

    def list_slots(self) -> list[Slot]:
        """Gives what optimizers keep for variables."""
        return list(self._slots.values())

    def get_object_path(self, node_id: int) -> tuple[str, ...]:
        """Gives an object's path, empty for the root and for what nothing holds."""
        names = []
        while node_id in self._steps and node_id != 0:
            node_id, name, _ = self._steps[node_id]
            names.append(name)
        return tuple(reversed(names))

    def list_human_paths(
        self, node_id: int, attribute: Any
    ) -> Iterator[tuple[str, ...]]:
        """Gives paths for a value, the best one first; the last one is unique."""
        path = self.get_object_path(node_id)
        names = (attribute.name,) if attribute.name != _VALUE else ()
        slot = self._slots.get(node_id)
        if slot is not None and not path:
            yield (*self.get_object_path(slot.optimizer), *self._name(slot), slot.name)
        elif path:
            yield (*self._make_human_path(node_id, path, attribute), *names)
            yield (*path, *names)
        elif names:
            yield names
        yield (attribute.checkpoint_key,)

    def list_aliases(self, node_id: int, attribute: Any) -> Iterator[str]:
        """Gives what else a value may be called."""
        yield attribute.checkpoint_key
        if attribute.name == _VALUE:
            yield "/".join(split_key(attribute.checkpoint_key))
            path = self.get_object_path(node_id)
            yield "/".join(path)
            if attribute.full_name:
                yield attribute.full_name
                names = attribute.full_name.split("/")
                yield "/".join((*path[:1], *names))
                yield "/".join((*path[:1], *names[1:]))

    def _make_human_path(
        self, node_id: int, path: tuple[str, ...], attribute: Any
    ) -> tuple[str, ...]:
        first = find_keras_part(path)
        names = [name for name in attribute.full_name.split("/") if name]
        if first is None or not names:
            return path
        if node_id in self._in_optimizer:  # its name leads: adam/kernel_momentum
            return (*path[:first], *(names[1:] or names))
        return (*path[:first], *names[len(self._leading.get(path[:first], ())) :])

    def _find_leading(self) -> None:
        """Finds the names of models, which lead in the full names of all they hold."""
        for node_id, attribute in self.list_values():
            path = self.get_object_path(node_id)
            first = find_keras_part(path)
            names = [name for name in attribute.full_name.split("/") if name]
            if first is None or not names or node_id in self._in_optimizer:
                continue
            spare = names[: max(len(names) - count_named(path[first:]), 0)]
            known = self._leading.setdefault(path[:first], spare)
            pairs = zip(known, spare, strict=False)
            same = next((i for i, (a, b) in enumerate(pairs) if a != b), len(spare))
            self._leading[path[:first]] = known[:same]

    def _name(self, slot: Slot) -> tuple[str, ...]:
        """Gives the human path of the variable that a slot belongs to."""
        for attribute in self._nodes[slot.variable].attributes:
            return next(self.list_human_paths(slot.variable, attribute))
        return self.get_object_path(slot.variable)

    def _walk(self) -> None:
        """Finds the paths: breadth first, and what optimizers hold comes last."""
        self._steps[0] = 0, "", 0
        level: list[int] = [0]
        held: list[int] = []
        while level or held:
            if level:
                held += [i for i in level if i in self._optimizers]
                level = [i for i in level if i not in self._optimizers]
            else:
                level, held = held, []
                self._in_optimizer.update(level)
            level = [child for i in level for child in self._step(i)]

    def _step(self, node_id: int) -> Iterator[int]:
        depth = self._steps[node_id][2] + 1
        for child in self._nodes[node_id].children:
            self._check(child.node_id)
            if child.node_id in self._steps:
                continue
            if depth > _MAX_DEPTH:
                raise CorruptionError("the objects hold each other too deeply")
            self._steps[child.node_id] = node_id, child.local_name, depth
            if node_id in self._in_optimizer:
                self._in_optimizer.add(child.node_id)
            yield child.node_id

    def _find_slots(self) -> Iterator[Slot]:
        for node_id, node in enumerate(self._nodes):
            for slot in node.slot_variables:
                variable, kept = (
                    slot.original_variable_node_id,
                    slot.slot_variable_node_id,
                )
                self._check(variable)
                self._check(kept)
                yield Slot(node_id, variable, slot.slot_name, kept)
            if node_id in self._optimizers:
                yield from self._find_listed_slots(node_id, node)

    def _find_listed_slots(self, node_id: int, node: Any) -> Iterator[Slot]:
        lists = {child.local_name: child.node_id for child in node.children}
        if _TRAINED not in lists:
            return
        trained = self._list_children(lists[_TRAINED])
        for name, list_id in lists.items():
            if name in _NO_SLOT_LISTS or not name.startswith("_"):
                continue
            for place, kept in self._list_children(list_id).items():
                if place in trained:
                    slot = self._name_slot(trained[place], kept, name)
                    yield Slot(node_id, trained[place], slot, kept)

    def _list_children(self, node_id: int) -> dict[str, int]:
        self._check(node_id)
        children = self._nodes[node_id].children
        for child in children:
            self._check(child.node_id)
        return {child.local_name: child.node_id for child in children}

    def _name_slot(self, variable: int, kept: int, list_name: str) -> str:
        """Keras names a value ``adam/dense_kernel_momentum`` after ``dense/kernel``."""
        stem = self._get_full_name(variable).replace("/", "_") + "_"
        last = self._get_full_name(kept).rpartition("/")[2]
        return last[len(stem) :] if last.startswith(stem) else list_name.strip("_")

    def _get_full_name(self, node_id: int) -> str:
        for attribute in self._nodes[node_id].attributes:
            return str(attribute.full_name)
        return ""

    def _check(self, node_id: int) -> None:
        if not 0 <= node_id < len(self._nodes):
            raise CorruptionError(
                f"the object graph refers to object {node_id} of {len(self._nodes)}"
            )


def _is_optimizer(node: Any) -> bool:
    names = {child.local_name for child in node.children}
    return bool(node.slot_variables) or {"_variables", _TRAINED} <= names
