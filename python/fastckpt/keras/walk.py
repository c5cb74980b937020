"""Both sides at once: which variable of the model every edge leads to.

As TensorFlow's own loader does it, names and places of edges decide, never shapes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from fastckpt.keras.model import (
    find_held,
    is_layer,
    is_state,
    is_variable,
    list_sequence,
    list_weights_below,
)
from fastckpt.keras.stored import StoredObjects

__all__ = ["Pair", "Sequence", "Walk"]

_Owners = tuple[Any, ...]
_COUNTED = "layer_with_weights-"


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
        places = sum(name.startswith("layer-") for name, _ in edges)
        counted = {to for name, to in edges if name.startswith(_COUNTED)}
        edges = [
            it
            for it in edges
            if it[0].startswith(_COUNTED)
            or it[1] not in counted
            or not it[0].startswith("layer-")
        ]
        self._add_sequence(holder, owners[-1], edges, path)
        for name, child in edges:
            held = find_held(holder, name, places)
            if held is None:
                continue
            if is_state(held):
                self._states.add((node, name))
            else:
                self._meet(held, owners, child, f"{path}/{name}".lstrip("/"))

    def _add_sequence(
        self, holder: Any, owner: Any, edges: list[tuple[str, int]], path: str
    ) -> None:
        items: list[Any]
        if isinstance(holder, list | tuple):
            items, beginning = list(holder), ""
        else:
            layers = list_sequence(holder) if is_layer(holder) else None
            items, beginning = [it for it in layers or () if it.weights], _COUNTED
        stored = {
            int(place): child
            for name, child in edges
            if name.startswith(beginning)
            and (place := name[len(beginning) :]).isdecimal()
        }
        if stored:
            held = {i: it for i, it in enumerate(items) if list_weights_below(it)}
            self.sequences.append(Sequence(owner, path, held, stored))

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
