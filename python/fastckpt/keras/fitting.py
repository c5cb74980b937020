"""Whether an object of the checkpoint is the model, and what differs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from fastckpt.keras.leaving import find_left
from fastckpt.keras.model import list_weights
from fastckpt.keras.naming import find_swapped, tell_other_class
from fastckpt.keras.stored import StoredObjects
from fastckpt.keras.walk import Pair, Walk

__all__ = ["Assignment", "Fit"]


class Assignment(NamedTuple):
    """A variable of the model, and the tensor for it."""

    variable: Any
    key: str


class Fit:
    """How an object of the checkpoint fits a model.

    Attributes:
        differences: What is not as it should be, in sentences; [] if it fits.
        assignments: What is to be loaded, of whole layers only.
        unused: The tensors of the object that go nowhere.
    """

    def __init__(self, model: Any, stored: StoredObjects, walk: Walk) -> None:
        self._stored = stored
        self._walk = walk
        self._weights = list_weights(model)
        own = set(map(id, self._weights))
        self._pairs = [pair for pair in walk.pairs if id(pair.variable) in own]
        self.differences: list[str] = []
        self._refused: set[int] = set()
        self._by_variable: dict[int, list[Pair]] = {}
        for pair in self._pairs:
            self._by_variable.setdefault(id(pair.variable), []).append(pair)
        stored_weights = stored.find_weights(walk.root, walk.is_state)
        used = {pair.node for pair in walk.pairs}
        self._spare = {
            it: keys for it, keys in stored_weights.items() if it not in used
        }
        self._judge_pairs()
        self._judge_places()
        self._judge_rest(model)
        self.assignments = self._choose(model)
        taken = {assignment.key for assignment in self.assignments}
        keys = [key for each in stored_weights.values() for key in each]
        self.unused = [key for key in dict.fromkeys(keys) if key not in taken]

    @property
    def has_met(self) -> bool:
        """Whether an edge leads to a variable on both sides."""
        return bool(self._pairs)

    @property
    def identity(self) -> frozenset[tuple[int, str]]:
        """What two objects have in common that give the model the same values."""
        return frozenset((id(it.variable), it.key) for it in self.assignments)

    def _differ(self, text: str, variables: Iterable[Any] = ()) -> None:
        self.differences.append(text)
        self._refused.update(map(id, variables))

    def _judge_pairs(self) -> None:
        by_node: dict[int, list[Pair]] = {}
        for pair in self._pairs:
            by_node.setdefault(pair.node, []).append(pair)
            self._judge_pair(pair)
        for pairs in by_node.values():
            if len({id(pair.variable) for pair in pairs}) > 1:
                paths = " and ".join(pair.path for pair in pairs)
                self._differ(
                    f"{paths} are one variable in the checkpoint and several in the "
                    "model",
                    [pair.variable for pair in pairs],
                )
        for pairs in self._by_variable.values():
            if len({pair.node for pair in pairs}) > 1:
                paths = " and ".join(pair.path for pair in pairs)
                self._differ(
                    f"{paths} are several variables in the checkpoint and one in the "
                    "model",
                    [pairs[0].variable],
                )

    def _judge_pair(self, pair: Pair) -> None:
        key = self._stored.find_value(pair.node)
        own = tuple(pair.variable.shape)
        if key is None:
            self._differ(f"{pair.path}: no value in the checkpoint", [pair.variable])
        elif (shape := self._stored.get_shape(key)) != own:
            self._differ(
                f"{pair.path}: shape {list(shape)} in the checkpoint, {list(own)} in "
                "the model",
                [pair.variable],
            )
        elif other := tell_other_class(pair, self._stored):
            self._differ(other, [pair.variable])

    def _judge_places(self) -> None:
        for sequence in self._walk.sequences:
            for layers, text in find_swapped(sequence, self._walk, self._stored):
                self._differ(text, [it for layer in layers for it in layer.weights])

    def _judge_rest(self, model: Any) -> None:
        for variable in self._weights:
            if id(variable) not in self._by_variable:
                self._differ(
                    f"{variable.path} {list(variable.shape)} of the model: nothing in "
                    "the checkpoint leads to it",
                    [variable],
                )
        for keys in self._spare.values():
            self._differ(f"{keys[0]} of the checkpoint: the model has no place for it")
        unbuilt = [it.name for it in model._flatten_layers() if not it.built]
        if self.differences and self._spare and unbuilt:
            self._differ(
                f"the layers {unbuilt} have no weights yet: call the model once on a "
                "batch, then load"
            )

    def _choose(self, model: Any) -> list[Assignment]:
        left = self._refused | find_left(
            model, self._walk, self._stored, self._refused, set(self._spare)
        )
        wanted = {id(it) for it in self._weights} - left
        return [
            Assignment(pairs[0].variable, key)
            for variable, pairs in self._by_variable.items()
            if variable in wanted
            and (key := self._stored.find_value(pairs[0].node)) is not None
        ]
