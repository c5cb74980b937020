"""What optimizers keep for variables: which of their variables for which, and as what.

Optimizers up to Keras 2.10 say it. Those of Keras 3 keep a list for each slot, in the
order of the variables that they train. Those of Keras 2.11 and later have the lists
alone, and names such as ``Adam/m/dense/kernel``, which tell where no two variables
share theirs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from fastckpt.objects.message import Node
from fastckpt.objects.optimizers import Optimizers

__all__ = ["Slot", "find_slots"]

# More than the names of variables have.
_MOST_PARTS = 100


class Slot(NamedTuple):
    """That an optimizer keeps a value for a variable; objects are numbers."""

    optimizer: int
    variable: int
    name: str
    node: int


def find_slots(nodes: Sequence[Node], optimizers: Optimizers) -> Iterator[Slot]:
    """Gives the slots that the graph or a name tells without a doubt."""
    by_name = _find_by_name(nodes, optimizers.own)
    for optimizer in sorted(optimizers.nodes):
        for slot in nodes[optimizer].slots:
            yield Slot(optimizer, slot.variable, slot.name, slot.slot)
        trained = optimizers.list_trained(optimizer)
        for name, kept in optimizers.list_kept(optimizer):
            if trained:
                found = _match_places(nodes, trained, name, kept)
            else:
                found = _match_names(nodes, by_name, kept)
            for variable, slot_name, node in found:
                yield Slot(optimizer, variable, slot_name, node)


_Match = tuple[int, str, int]


def _match_places(
    nodes: Sequence[Node], trained: dict[str, int], list_name: str, kept: dict[str, int]
) -> Iterator[_Match]:
    """Joins two lists, which have to be of one length."""
    if kept.keys() != trained.keys():
        return
    last_names = [_get_full_name(nodes, i).rpartition("/")[2] for i in kept.values()]
    name = list_name.strip("_")
    single = f"{name[:-3]}y" if name.endswith("ies") else name.removesuffix("s")
    if all(last.endswith(f"_{single}") for last in last_names):
        name = single
    for place, node in kept.items():
        yield trained[place], name, node


def _match_names(
    nodes: Sequence[Node], by_name: dict[str, list[int]], kept: dict[str, int]
) -> Iterator[_Match]:
    """Finds variables by the ends of slots' names, where all lead to one name."""
    found = {node: _split_name(nodes, by_name, node) for node in kept.values()}
    common = set.intersection(*map(set, found.values())) if found else set()
    if len(common) != 1:
        return
    (name,) = common
    for node, matches in found.items():
        if sum(map(len, matches[name])) == 1:
            yield max(matches[name], key=len)[0], name, node


def _split_name(
    nodes: Sequence[Node], by_name: dict[str, list[int]], node: int
) -> dict[str, list[list[int]]]:
    """Gives the lists of variables that a slot's full name may mean.

    They are by what the slot were called. Many variables can have one name, and are
    not listed anew for each slot.
    """
    parts = _get_full_name(nodes, node).split("/")
    found: dict[str, list[list[int]]] = {}
    for i in range(max(1, len(parts) - _MOST_PARTS), len(parts)):
        if variables := by_name.get("/".join(parts[i:])):
            found.setdefault(parts[i - 1], []).append(variables)
    return found


def _find_by_name(nodes: Sequence[Node], own: set[int]) -> dict[str, list[int]]:
    """Gives the variables that are no optimizer's by their full names."""
    found: dict[str, list[int]] = {}
    for i, node in enumerate(nodes):
        if i not in own and node.values and node.values[0].full_name:
            found.setdefault(node.values[0].full_name, []).append(i)
    return found


def _get_full_name(nodes: Sequence[Node], node_id: int) -> str:
    values = nodes[node_id].values
    return values[0].full_name if values else ""
