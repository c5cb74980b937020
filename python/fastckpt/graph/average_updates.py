"""Of which variable a moving average is: the graph's updates say so.

An update is ``average -= (average - value) * (1 - decay)``; where the value is a
variable's, the average is that variable's, whatever the names are.

Source: tensorflow/python/training/moving_averages.py, assign_moving_average.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from fastckpt.graph.scopes import Place, Scope, walk_all
from fastckpt.graph.variables import (
    VARIABLE_OPS,
    find_variable,
    follow,
    get_identity,
)

__all__ = ["AverageUpdates", "find_average_updates"]

_SUBTRACTIONS = frozenset({"AssignSub", "AssignSubVariableOp"})
_ASSIGNMENTS = frozenset({"Assign", "AssignVariableOp"})


class AverageUpdates(NamedTuple):
    """What the updates of a graph's moving averages say.

    Attributes:
        averages: The averages of each variable that has some.
        updated: All averages, those of values that are no variable's included.
    """

    averages: dict[str, list[str]]
    updated: set[str]


class _Update(NamedTuple):
    average: str
    variable: str | None
    # A variable to which the same values go, which tells where they come from.
    biased: str | None = None


def find_average_updates(meta: Any) -> AverageUpdates:
    """Finds the updates in a MetaGraphDef's graph and in the functions it runs."""
    graph = meta.graph_def
    nodes = {node.name: node for node in graph.node}
    functions = {each.signature.name: each for each in graph.library.function}
    places = walk_all(Scope(nodes, functions), _find_updating(functions).__contains__)
    updates = [update for place in places for update in _read_update(place)]
    aliases = _group_aliases(nodes)
    averages: dict[str, list[str]] = {}
    direct = {it.average: it.variable for it in updates if it.biased is None}
    for update in updates:
        variable = update.variable or direct.get(update.biased or "")
        for alias in aliases[variable] if variable else ():
            listed = averages.setdefault(alias, [])
            if not any(known in aliases[update.average] for known in listed):
                listed.append(update.average)
    updated = {alias for update in updates for alias in aliases[update.average]}
    return AverageUpdates(averages, updated)


def _find_updating(functions: dict[str, Any]) -> set[str]:
    """Gives the functions in which a variable is subtracted from, called ones too."""
    callers: dict[str, set[str]] = {}
    waiting = []
    for name, function in functions.items():
        for node in function.node_def:
            for value in node.attr.values():
                called = [value.func] if value.HasField("func") else value.list.func
                for each in called:
                    callers.setdefault(each.name, set()).add(name)
        if any(node.op in _SUBTRACTIONS for node in function.node_def):
            waiting.append(name)
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += callers.get(name, ())
    return found


def _group_aliases(nodes: dict[str, Any]) -> dict[str, list[str]]:
    """Gives of each variable's node all nodes that are the same variable."""
    groups: dict[tuple[str, ...], list[str]] = {}
    variables = {n: node for n, node in nodes.items() if node.op in VARIABLE_OPS}
    for name, node in variables.items():
        groups.setdefault(get_identity(node), []).append(name)
    return {name: groups[get_identity(node)] for name, node in variables.items()}


def _read_update(place: Place) -> Iterator[_Update]:
    if place.node.op not in _SUBTRACTIONS | _ASSIGNMENTS:
        return
    average = find_variable(place.find_input(0))
    value = _get_end(place.find_input(1))
    if average is None or value is None:
        return
    if place.node.op in _ASSIGNMENTS:
        quotient: Place | None = value
    elif value.node.op == "Mul":
        yield from _read_product(average, value)
        return
    else:
        quotient = _get_subtrahend(average, value)
    biased = _get_biased(quotient)
    if biased is not None:
        yield _Update(average, None, biased)


def _read_product(average: str, product: Place) -> Iterator[_Update]:
    """Reads ``(average - value) * decay``, the factors in any order."""
    for index in range(2):
        difference = _get_end(product.find_input(index))
        if difference is None or difference.node.op != "Sub":
            continue
        if find_variable(difference.find_input(0)) == average:
            variable = find_variable(difference.find_input(1))
            yield _Update(average, variable if variable != average else None)


def _get_subtrahend(average: str, difference: Place) -> Place | None:
    """Gives x of ``average - x``: how older TensorFlow wrote what is not biased."""
    if difference.node.op != "Sub":
        return None
    if find_variable(difference.find_input(0)) != average:
        return None
    return _get_end(difference.find_input(1))


def _get_biased(quotient: Place | None) -> str | None:
    """Gives the variable of ``biased / (1 - decay ** steps)``."""
    if quotient is None or quotient.node.op != "RealDiv":
        return None
    dividend = _get_end(quotient.find_input(0))
    if dividend is not None and dividend.node.op in _SUBTRACTIONS:
        return find_variable(dividend.find_input(0))
    return find_variable(quotient.find_input(0))


def _get_end(place: Place | None) -> Place | None:
    end = follow(place)
    return None if end is None else end.place
