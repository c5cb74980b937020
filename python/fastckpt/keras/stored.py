"""The checkpoint's side: its objects, and which of their values are a model's weights.

What only an optimizer, a metric or a generator of random numbers needs is no weight.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from fastckpt.base.names import closest
from fastckpt.errors import MissingKeyError
from fastckpt.objects.message import (
    GRAPH_KEY,
    VALUE,
    list_stored_keys,
    parse,
    read_content,
)
from fastckpt.objects.names import escape, split_key
from fastckpt.objects.optimizers import Optimizers

if TYPE_CHECKING:
    from fastckpt.reading.checkpoint import Checkpoint

__all__ = ["StoredObjects"]

#: Edges to what is no weight, by the names that Keras gives them.
_STATE = frozenset(
    (
        *("keras_api", "optimizer", "save_counter", "signatures"),
        *("metrics", "_metrics", "compiled_metrics", "compiled_loss", "train_metrics"),
        *("loss_tracker", "_loss_tracker", "_compile_metrics", "_compile_loss"),
        *("_random_generator", "seed_generator", "_seed_generators"),
    )
)
#: Lists of a SavedModel, which hold again what has an edge of its own.
_LISTS = frozenset(
    ("variables", "trainable_variables", "non_trainable_variables", "_all_variables")
)


class StoredObjects:
    """The objects of a checkpoint; they are numbers, and the root is 0.

    Raises:
        KeyError: The checkpoint has no object graph.
        CorruptionError: It is damaged.
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        content = read_content(checkpoint)
        if content is None:
            raise MissingKeyError(
                f"the checkpoint has no object graph (no tensor {GRAPH_KEY!r}), which "
                "alone tells where Keras's weights belong; it was not written by "
                "tf.train.Checkpoint, save_weights or a SavedModel of TensorFlow 2"
            )
        self._checkpoint = checkpoint
        self._nodes = parse(content)
        optimizers = Optimizers(self._nodes)
        self._optimizers = optimizers.nodes
        self._state = optimizers.own
        self._steps = self._walk()

    def edges(self, node: int) -> Iterator[tuple[str, int]]:
        """Gives what an object holds: (name, object)."""
        for held in self._nodes[node].children:
            yield held.name, held.node

    def find_value(self, node: int) -> str | None:
        """Gives the tensor of a variable, None for what is none or is not stored."""
        for value in self._nodes[node].values:
            if value.name == VALUE and value.key in self._checkpoint:
                return value.key
        return None

    def get_full_name(self, node: int) -> list[str]:
        """Gives the parts of a variable's full name; [] if it has none."""
        for value in self._nodes[node].values:
            name = value.full_name.partition(":")[0]
            return [part for part in name.split("/") if part]
        return []

    def get_shape(self, key: str) -> tuple[int, ...]:
        """Gives a tensor's dimensions."""
        return tuple(self._checkpoint.info(key).shape)

    def find_weights(
        self, top: int, is_state: Callable[[int, str], bool] = lambda node, name: False
    ) -> dict[int, list[str]]:
        """Finds the objects below one that have values which may be a model's weights.

        Args:
            top: Where to begin.
            is_state: Tells of more edges, by object and name, that they lead to state.

        Returns:
            {object: its tensors}.
        """
        found: dict[int, list[str]] = {}
        seen = {top}
        queue = [top]
        while queue:
            node = queue.pop()
            keys = [
                key
                for value in self._nodes[node].values
                for _, key in list_stored_keys(value, self._checkpoint)
            ]
            if keys and node not in self._state:
                found[node] = keys
            for name, child in self.edges(node):
                if child in seen or child in self._optimizers:
                    continue
                if name in _STATE or name in _LISTS or is_state(node, name):
                    continue
                seen.add(child)
                queue.append(child)
        return found

    def find(self, path: str) -> int:
        """Gives the object at a path of names, "/" between them ("": the root).

        Raises:
            KeyError: There is none; says what there is.
        """
        node = 0
        for name in split_key(path) if path else ():
            held = dict(self.edges(node))
            if name not in held:
                close = closest(name, sorted(held)) or sorted(held)[:5]
                raise MissingKeyError(
                    f"root={path!r}: no object {name!r} there; there are "
                    + ", ".join(map(repr, close))
                )
            node = held[name]
        return node

    def list_objects(self) -> list[int]:
        """Gives the objects that may be a model, those nearest to the root first."""
        return [node for node in self._steps if self._nodes[node].children]

    def get_path(self, node: int) -> str:
        """Gives the shortest path of one of these objects, as ``find`` takes it."""
        names = []
        while node:
            node, name = self._steps[node]
            names.append(escape(name))
        return "/".join(reversed(names))

    def _walk(self) -> dict[int, tuple[int, str]]:
        """Finds for each object by whom it is held and under which name."""
        steps = {0: (0, "")}
        queue = [0]
        for node in queue:
            for name, child in self.edges(node):
                if child in steps or child in self._optimizers or name in _STATE:
                    continue
                steps[child] = node, name
                queue.append(child)
        return steps
