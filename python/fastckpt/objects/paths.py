"""The objects of an object graph: how they are reached, and what they are called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from fastckpt.errors import CorruptionError
from fastckpt.objects.message import VALUE, Node, Value
from fastckpt.objects.names import (
    LISTS,
    count_named,
    find_keras_part,
    is_listed,
    split_key,
)
from fastckpt.objects.optimizers import TRAINED, Optimizers
from fastckpt.objects.slots import Slot, find_slots

__all__ = ["ObjectPaths"]

# Where exports of Keras 3 hold each variable a second time.
_COPIES = ("_all_variables",)

# Deeper than programs nest their objects; a damaged graph could be a long chain.
_MAX_DEPTH = 100


class ObjectPaths:
    """The paths of the objects from the root, and the values that they have.

    An object that is reached in several ways has the shortest path that leads through
    no optimizer, or else the shortest one.

    Args:
        nodes: The objects, the root first.

    Raises:
        CorruptionError: The objects hold each other too deeply.
    """

    def __init__(self, nodes: Sequence[Node]) -> None:
        self._nodes = nodes
        optimizers = Optimizers(nodes)
        self._optimizers = optimizers.nodes
        # For each object that is reached: by whom, under which name, how far down.
        self._steps: dict[int, tuple[int, str, int]] = {}
        self._in_optimizer: set[int] = set()
        self._slots = {slot.node: slot for slot in find_slots(nodes, optimizers)}
        if self._nodes:
            self._walk()
        # For each object below which Keras gave names: what all full names begin with.
        self._leading: dict[tuple[str, ...], list[str]] = {}
        self._find_leading()
        # For each variable that only a number tells: the path by its full name.
        self._named: dict[int, tuple[str, ...]] = {}
        self._name_listed()

    def list_values(self) -> Iterator[tuple[int, Value]]:
        """Gives all values, and the numbers of the objects that have them."""
        for node_id, node in enumerate(self._nodes):
            for value in node.values:
                yield node_id, value

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

    def list_human_paths(self, node_id: int, value: Value) -> Iterator[tuple[str, ...]]:
        """Gives paths for a value, the best one first; the last one is unique."""
        path = self.get_object_path(node_id)
        names = (value.name,) if value.name != VALUE else ()
        slot = self._slots.get(node_id)
        if slot is not None and not path:
            yield (*self.get_object_path(slot.optimizer), *self._name(slot), slot.name)
        elif path:
            if node_id in self._named and value.name == VALUE:
                yield self._named[node_id]
            yield (*self._make_human_path(node_id, path, value), *names)
            yield (*path, *names)
        elif names:
            yield names
        yield (value.key,)

    def list_aliases(self, node_id: int, value: Value) -> Iterator[str]:
        """Gives what else a value may be called."""
        yield value.key
        if value.name == VALUE:
            yield "/".join(split_key(value.key))
            path = self.get_object_path(node_id)
            if path:
                yield "/".join(path)
            if value.full_name:
                yield value.full_name
            names = value.full_name.split("/")
            if path and value.full_name:
                yield "/".join((*path[:1], *names))
            if path and names[1:]:  # of one name it were a scope's
                yield "/".join((*path[:1], *names[1:]))

    def _make_human_path(
        self, node_id: int, path: tuple[str, ...], value: Value
    ) -> tuple[str, ...]:
        first = find_keras_part(path)
        names = [name for name in value.full_name.split("/") if name]
        if first is None or not names or path[-2:-1] == (TRAINED,):
            return path  # of a weight that only an optimizer leads to, too
        if node_id in self._in_optimizer:  # its name leads: adam/kernel_momentum
            slot = self._slots.get(node_id)
            own = names.index(slot.name) if slot and slot.name in names else 1
            return (*path[:first], *(names[own:] or names))
        return (*path[:first], *names[len(self._leading.get(path[:first], ())) :])

    def _find_leading(self) -> None:
        """Finds the names of models, which lead in the full names of all they hold."""
        for node_id, value in self.list_values():
            path = self.get_object_path(node_id)
            first = find_keras_part(path)
            names = [name for name in value.full_name.split("/") if name]
            if first is None or not names or node_id in self._in_optimizer:
                continue
            spare = names[: max(len(names) - count_named(path[first:]), 0)]
            known = self._leading.setdefault(path[:first], spare)
            pairs = zip(known, spare, strict=False)
            same = next((i for i, (a, b) in enumerate(pairs) if a != b), len(spare))
            self._leading[path[:first]] = known[:same]

    def _name_listed(self) -> None:
        """Finds full names for variables of lists, where no other value has them."""
        if not any(name in LISTS for _, name, _ in self._steps.values()):
            return
        lists: dict[tuple[str, ...], list[tuple[int, tuple[str, ...]]]] = {}
        others: set[tuple[str, ...]] = set()
        for node_id, value in self.list_values():
            path = self.get_object_path(node_id)
            names = tuple(name for name in value.full_name.split("/") if name)
            if value.name != VALUE or not path:
                continue
            if is_listed(path) and names and node_id not in self._in_optimizer:
                outer = path[:-2]
                leading = tuple(self._leading.get(outer, ()))
                if leading and names[: len(leading)] == leading:
                    names = names[len(leading) :] or names
                lists.setdefault(path[:-1], []).append((node_id, (*outer, *names)))
            elif path[-2:-1] != _COPIES:
                others.add(tuple(self._make_human_path(node_id, path, value)))
        for listed in lists.values():
            counts = Counter(named for _, named in listed)
            self._named.update(
                (node_id, named)
                for node_id, named in listed
                if counts[named] == 1 and named not in others
            )

    def _name(self, slot: Slot) -> tuple[str, ...]:
        """Gives the human path of the variable that a slot belongs to.

        Of a slot that nothing holds there is none: such could go round in circles.
        """
        if slot.variable in self._slots and not self.get_object_path(slot.variable):
            return ()
        for value in self._nodes[slot.variable].values:
            return next(self.list_human_paths(slot.variable, value))
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
        for child, name in self._nodes[node_id].children:
            if child in self._steps:
                continue
            if depth > _MAX_DEPTH:
                raise CorruptionError("the objects hold each other too deeply")
            self._steps[child] = node_id, name, depth
            if node_id in self._in_optimizer:
                self._in_optimizer.add(child)
            yield child
