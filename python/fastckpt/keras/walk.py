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

_COUNTED = "layer_with_weights-"


class Pair(NamedTuple):
    """A variable of the model, and the object that it would come from.

    Attributes:
        variable: Of the model.
        owner: The layer that keeps it itself.
        node: Of the checkpoint.
        path: The edges from the model to it.
    """

    variable: Any
    owner: Any
    node: int
    path: str


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
        pairs: What leads to a variable on both sides, each pair once.
        layers: (layer, object) of all that is a layer there.
        sequences: What has places on both sides.
    """

    def __init__(self, model: Any, stored: StoredObjects, root: int) -> None:
        self.pairs: list[Pair] = []
        self.layers: list[tuple[Any, int]] = [(model, root)]
        self.sequences: list[Sequence] = []
        self._stored = stored
        self._states: set[tuple[int, str]] = set()
        self._paired: set[tuple[int, int]] = set()
        self._seen = {(id(model), root)}
        self._queue: list[tuple[Any, Any, int, str]] = [(model, model, root, "")]
        while self._queue:
            self._follow(*self._queue.pop())

    def is_state(self, node: int, name: str) -> bool:
        """Tells whether the model has a metric or the like at an edge."""
        return (node, name) in self._states

    def _follow(self, holder: Any, owner: Any, node: int, path: str) -> None:
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
        self._add_sequence(holder, owner, edges, path)
        for name, child in edges:
            held = find_held(holder, name, places)
            if held is None:
                continue
            if is_state(held):
                self._states.add((node, name))
            else:
                self._meet(held, owner, child, f"{path}/{name}".lstrip("/"))

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

    def _meet(self, held: Any, owner: Any, node: int, path: str) -> None:
        known = self._paired if is_variable(held) else self._seen
        if (id(held), node) in known:
            return
        known.add((id(held), node))
        if is_variable(held):
            self.pairs.append(Pair(held, owner, node, path))
        else:
            if is_layer(held):
                owner = held
                self.layers.append((held, node))
            self._queue.append((held, owner, node, path))
