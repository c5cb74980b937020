"""Both sides at once: which variable of the model every edge leads to.

As TensorFlow's own loader does it, names and places of edges decide, never shapes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from fastckpt.keras.model import (
    find_held,
    is_layer,
    is_place,
    is_state,
    is_variable,
    list_sequence,
    list_weights_below,
)
from fastckpt.keras.stored import StoredObjects

__all__ = ["Pair", "Sequence", "Walk"]

_Owners = tuple[Any, ...]
_COUNTED = "layer_with_weights-"
_ANY = "layer-"


class Pair(NamedTuple):
    """A variable of the model, and the object that it would come from.

    Attributes:
        variable: Of the model.
        owners: The layers from the model to the one that keeps it itself.
        node: Of the checkpoint.
        path: The edges from the model to it.
    """

    variable: Any
    owners: tuple[Any, ...]
    node: int
    path: str

    @property
    def owner(self) -> Any:
        """The layer that keeps the variable itself."""
        return self.owners[-1]


@dataclass
class Sequence:
    """What is told apart by its places alone.

    Attributes:
        holder: The layer of the model that has it.
        name: The path of edges to it.
        held: {place: what the model has there}, if that has weights.
        stored: {place: object of the checkpoint}.
    """

    holder: Any
    name: str
    held: dict[int, Any]
    stored: dict[int, int] = field(default_factory=dict)

    def list_common(self) -> list[tuple[int, Any, int]]:
        """Gives (place, of the model, of the checkpoint) of what both have."""
        common = sorted(self.held.keys() & self.stored.keys())
        return [(place, self.held[place], self.stored[place]) for place in common]


class Walk:
    """Follows the edges from an object of the checkpoint and from the model.

    Attributes:
        root: The object of the checkpoint.
        pairs: What leads to a variable on both sides, each pair once.
        layers: (layer, object) of all that is a layer there.
        sequences: What has places on both sides.
    """

    def __init__(self, model: Any, stored: StoredObjects, root: int) -> None:
        self.root = root
        self.pairs: list[Pair] = []
        self.layers: list[tuple[Any, int]] = [(model, root)]
        self.sequences: list[Sequence] = []
        self._stored = stored
        self._states: set[tuple[int, str]] = set()
        self._paired: set[tuple[int, int]] = set()
        self._seen = {(id(model), root)}
        self._queue: list[tuple[Any, _Owners, int, str]] = [(model, (model,), root, "")]
        while self._queue:
            self._follow(*self._queue.pop())
        self._below: dict[int, list[tuple[Pair, int]]] = {}
        for pair in self.pairs:
            for depth, layer in enumerate(reversed(pair.owners)):
                self._below.setdefault(id(layer), []).append((pair, depth))

    def is_state(self, node: int, name: str) -> bool:
        """Tells whether the model has a metric or the like at an edge."""
        return (node, name) in self._states

    def list_below(self, layer: Any) -> list[tuple[Pair, int]]:
        """Gives the pairs below a layer, and how many layers are in between."""
        return self._below.get(id(layer), [])

    def _follow(self, holder: Any, owners: _Owners, node: int, path: str) -> None:
        edges = list(self._stored.edges(node))
        places = _Places(holder, edges)
        if places.stored:
            self.sequences.append(
                Sequence(owners[-1], path, places.held, places.stored)
            )
        for name, child in edges:
            held = places.find(name, child)
            if held is None:
                continue
            if is_state(held):
                self._states.add((node, name))
            else:
                self._meet(held, owners, child, f"{path}/{name}".lstrip("/"))

    def _meet(self, held: Any, owners: _Owners, node: int, path: str) -> None:
        known = self._paired if is_variable(held) else self._seen
        if (id(held), node) in known:
            return
        known.add((id(held), node))
        if is_variable(held):
            self.pairs.append(Pair(held, owners, node, path))
        else:
            if is_layer(held):
                owners = (*owners, held)
                self.layers.append((held, node))
            self._queue.append((held, owners, node, path))


class _Places:
    """What one object of each side holds by places.

    Attributes:
        held: {place: what the model has there}, if that has weights.
        stored: {place: object of the checkpoint}.
    """

    def __init__(self, holder: Any, edges: list[tuple[str, int]]) -> None:
        self._holder = holder
        self._layers = (list_sequence(holder) if is_layer(holder) else None) or []
        if isinstance(holder, list | tuple):
            items, beginning = list(holder), ""
        else:
            items, beginning = [it for it in self._layers if it.weights], _COUNTED
        self.held = {i: it for i, it in enumerate(items) if list_weights_below(it)}
        self.stored = {
            int(place): child
            for name, child in edges
            if name.startswith(beginning) and is_place(place := name[len(beginning) :])
        }
        self._told = {child for name, child in edges if name.startswith(_COUNTED)}
        self._count = sum(name.startswith(_ANY) for name, _ in edges)

    def find(self, name: str, child: int) -> Any:
        """Gives what the model has at an edge; None: nothing."""
        if not self._layers or not name.startswith((_ANY, _COUNTED)):
            return find_held(self._holder, name)
        kind, _, place = name.rpartition("-")
        if not is_place(place):
            return find_held(self._holder, name)
        if f"{kind}-" == _COUNTED:
            return self.held.get(int(place))
        # What Keras 2 had as layers may be operations here, so that others count.
        is_sure = child not in self._told and self._count == len(self._layers)
        return (
            self._layers[int(place)] if is_sure and int(place) < self._count else None
        )
