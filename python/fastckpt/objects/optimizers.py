"""Which objects are optimizers, and which variables are theirs alone.

TensorFlow writes no types of objects, so that an optimizer is known by what it holds:

* slot variables, as those of TensorFlow 1 and of Keras up to 2.10 have;
* ``_variables`` with its counter among them, and what it learns by, as Keras's have
  since 2.11;
* nothing but settings, as Keras's older ones have without slots;
* another optimizer and beside it nothing but settings: a wrapper for loss scales.

What an optimizer holds is not all its own: ``_trainable_variables`` is the model's, and
may be the only edge that leads to a weight. Its own are its slots, the variables that
it lists as such and those that it holds by themselves; what else it may hold, such as a
whole model, nothing tells, and it is taken for none of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set

from fastckpt.errors import UnsupportedError
from fastckpt.objects.message import GRAPH_KEY, VALUE, Held, Node

__all__ = ["TRAINED", "Optimizers"]

TRAINED = "_trainable_variables"
"""How Keras's optimizers hold the variables that they train."""

_OWN = "_variables"
_COUNTERS = ("_iterations", "iterations", "iter")
_LEARNS_BY = (TRAINED, "_learning_rate", "_current_learning_rate", "learning_rate")
_WRAPPED = ("inner_optimizer", "base_optimizer", "_optimizer")
_LOSS_SCALES = ("loss_scale", "_loss_scale")
# What Keras's older optimizers always hold.
_OLDER = frozenset({"iter", "learning_rate", "decay"})
_SETTINGS = _OLDER.union(
    ("beta_1", "beta_2", "momentum", "rho", "epsilon", "weight_decay"),
    ("learning_rate_power", "initial_accumulator_value"),
    ("l1_regularization_strength", "l2_regularization_strength"),
    ("_iterations", "iterations", "_learning_rate", "step_counter", "dynamic_scale"),
)


class Optimizers:
    """The optimizers of an object graph.

    Attributes:
        nodes: Which objects are optimizers.

    Raises:
        UnsupportedError: It would take far longer than it has bytes.
    """

    def __init__(self, nodes: Sequence[Node]) -> None:
        self._graph = nodes
        # Lists are read over and over where objects share them, as no program's do.
        self._left = 1000 + 20 * sum(len(node.children) for node in nodes)
        self.nodes = {i for i, node in enumerate(nodes) if self._is_one(node)}
        self._add_wrappers()
        self._own = {i: self._find_own(i) for i in self.nodes}

    @property
    def own(self) -> set[int]:
        """The variables that are optimizers' own."""
        return set().union(*self._own.values())

    def list_trained(self, optimizer: int) -> dict[str, int]:
        """Gives the variables that an optimizer trains, by their places."""
        return self._list_items(self._find_child(optimizer, TRAINED))

    def list_kept(self, optimizer: int) -> Iterator[tuple[str, dict[str, int]]]:
        """Gives an optimizer's lists of variables of its own: name, {place: object}."""
        for held in self._graph[optimizer].children:
            items = self._list_items(held.node)
            is_own = self._own[optimizer].issuperset(items.values())
            if items and is_own and held.name not in (_OWN, TRAINED):
                yield held.name, items

    def leads_to(self, optimizer: int, held: Held, variables: Set[int]) -> bool:
        """Whether an optimizer holds some of these variables there and nothing else."""
        if held.name == TRAINED:
            return False
        if self._is_variable(held.node):
            return held.node in variables
        items = self._list_items(held.node)
        if held.name in _LOSS_SCALES:
            items = self._children(held.node)
        return bool(items) and variables >= set(items.values())

    def _is_one(self, node: Node) -> bool:
        if node.slots:
            return True
        held = {child.name: child.node for child in node.children}
        own = set(self._list_items(held.get(_OWN)).values())
        if any(held.get(counter) in own for counter in _COUNTERS):
            return not held.keys().isdisjoint(_LEARNS_BY)
        return held.keys() >= _OLDER and self._is_settings(node.children)

    def _add_wrappers(self) -> None:
        holders: dict[int, list[int]] = {}
        for i, node in enumerate(self._graph):
            for held in node.children:
                if held.name in _WRAPPED:
                    holders.setdefault(held.node, []).append(i)
        waiting, seen = list(self.nodes), set(self.nodes)
        while waiting:
            for i in holders.get(waiting.pop(), ()):
                if i not in seen:
                    seen.add(i)
                    if self._is_settings_beside(i):
                        self.nodes.add(i)
                        waiting.append(i)

    def _is_settings_beside(self, node_id: int) -> bool:
        children = self._graph[node_id].children
        return self._is_settings([it for it in children if it.name not in _WRAPPED])

    def _is_settings(self, children: Sequence[Held]) -> bool:
        return all(
            (held.name in _SETTINGS and self._is_variable(held.node))
            or (held.name in _LOSS_SCALES and self._is_loss_scale(held.node))
            or (held.name in _WRAPPED and not any(self._graph[held.node]))
            for held in children
        )

    def _find_own(self, optimizer: int) -> set[int]:
        node = self._graph[optimizer]
        own = {slot.slot for slot in node.slots}
        for held in node.children:
            if held.name == _OWN:
                own.update(self._list_items(held.node).values())
            elif held.name in _LOSS_SCALES and self._is_loss_scale(held.node):
                own.update(self._children(held.node).values())
            elif self._is_variable(held.node):
                own.add(held.node)
        return set(filter(self._is_variable, own))

    def _is_variable(self, node_id: int) -> bool:
        """Whether an object is a variable, which has a value and holds nothing."""
        node = self._graph[node_id]
        return not node.children and [it.name for it in node.values] == [VALUE]

    def _is_loss_scale(self, node_id: int) -> bool:
        return all(map(self._is_variable, self._children(node_id).values()))

    def _find_child(self, node_id: int, name: str) -> int | None:
        children = self._graph[node_id].children
        return next((held.node for held in children if held.name == name), None)

    def _children(self, node_id: int) -> dict[str, int]:
        children = self._graph[node_id].children
        self._left -= len(children)
        if self._left < 0:
            raise UnsupportedError(
                f"{GRAPH_KEY}: its objects share their lists so often that it takes "
                "far longer to read than it has bytes",
                tensor=GRAPH_KEY,
            )
        return {held.name: held.node for held in children}

    def _list_items(self, node_id: int | None) -> dict[str, int]:
        """Gives the variables in a list by their places; {} if it is no such list."""
        if node_id is None:
            return {}
        items = self._children(node_id)
        is_list = all(name.isdecimal() for name in items)
        if is_list and all(map(self._is_variable, items.values())):
            return items
        return {}
