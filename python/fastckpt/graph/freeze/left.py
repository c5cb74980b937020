"""What a frozen graph still needs, and neither it nor its checkpoint has.

A variable that is made in a function has no value anywhere: a SavedModel of TensorFlow
1 whose variables are references loses them when TensorFlow 2 loads and saves it again.
Lookup tables are filled by a node of their own, or from the checkpoint.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from typing import Any

from fastckpt.base.callers import callers_level
from fastckpt.errors import UnsupportedError
from fastckpt.graph.attributes import get_attribute
from fastckpt.graph.freeze.calls import find_used
from fastckpt.graph.meta_graph import MetaGraph
from fastckpt.graph.names import parse_input
from fastckpt.graph.scopes import Scope, walk_all
from fastckpt.graph.subgraph import extract_subgraph
from fastckpt.graph.variables import VARIABLE_OPS, follow

__all__ = ["check_variables_left", "warn_of_tables"]

_VARIABLE_OPS = VARIABLE_OPS | {"AutoReloadVariable", "_VarHandlesOp"}
# Those without a name (AnonymousHashTable) live in one run, and are filled there.
_TABLE_OPS = re.compile(
    r"(?:Mutable(?:Dense)?)?HashTable(?:OfTensors)?(?:V2)?"
    r"|BoostedTrees(?:Ensemble|QuantileStream)ResourceHandleOp"
)
_FILLING_OPS = re.compile(
    r"InitializeTable.*|LookupTableImport(?:V2)?|BoostedTrees(?:Create|Deserialize)\w+"
)
_INIT_SIGNATURE = "__saved_model_init_op"
_MAX_LISTED = 10

# The function that it is in, "" for the graph itself, and its node.
_Table = tuple[str, str]


def check_variables_left(graph: Any) -> None:
    """Checks that the functions of a frozen GraphDef make no variables.

    Raises:
        UnsupportedError: One does; its variable is named.
    """
    for function in graph.library.function:
        for node in function.node_def:
            if node.op in _VARIABLE_OPS:
                shared = get_attribute(node, "shared_name").s.decode(errors="replace")
                name = shared or node.name
                raise UnsupportedError(
                    f"function {function.signature.name!r} makes the variable {name!r}"
                    f" itself ({node.op}), whose value no checkpoint holds: a "
                    "SavedModel of TensorFlow 1 that TensorFlow 2 loaded and saved "
                    "again loses its reference variables; freeze the first one",
                    tensor=name,
                )


def warn_of_tables(graph: Any, meta: MetaGraph) -> None:
    """Warns of the tables in a frozen GraphDef that nothing there fills.

    Args:
        graph: The frozen graph.
        meta: The graph that it is made from.

    Warns:
        UserWarning: There are some; they are named, and what fills them.
    """
    tables = dict(_list_tables(graph))
    filled = _find_filled(graph) if tables else set()
    empty = [key for key in tables if key not in filled]
    if not empty:
        return
    fillers = _list_fillers(meta)
    filled = _find_filled(extract_subgraph(meta.graph_def, fillers))
    texts = []
    if others := [key for key in empty if key in filled]:
        names = ", ".join(map(repr, fillers))
        texts.append(
            f"{_list(others)}: name {names} among the outputs, too, and run it"
        )
    if others := [key for key in empty if key not in filled]:
        texts.append(f"{_list(others)}: insert them before the graph is run")
    warnings.warn(
        f"the frozen graph lacks the contents of the tables {'; '.join(texts)}",
        UserWarning,
        stacklevel=callers_level(),
    )


def _list(tables: list[_Table]) -> str:
    more = len(tables) - _MAX_LISTED
    names = ", ".join(repr(name) for _, name in tables[:_MAX_LISTED])
    return names if more <= 0 else f"{names} and {more} more"


def _list_tables(graph: Any) -> Iterator[tuple[_Table, str]]:
    bodies = [("", graph.node)]
    bodies += [(f.signature.name, f.node_def) for f in graph.library.function]
    for function, nodes in bodies:
        for node in nodes:
            if _TABLE_OPS.fullmatch(node.op):
                yield (function, node.name), node.op


def _find_filled(graph: Any) -> set[_Table]:
    """Gives the tables that nodes of the graph fill, by function and name."""
    functions = {each.signature.name: each for each in graph.library.function}
    bodies = {name: each.node_def for name, each in functions.items()}
    filling = {
        name
        for name, body in bodies.items()
        if any(map(_fills, body))
        or any(_fills(n) for each in find_used(body, bodies) for n in bodies[each])
    }
    scope = Scope({node.name: node for node in graph.node}, functions)
    filled = set()
    for place in walk_all(scope, filling.__contains__):
        table = follow(place.find_input(0)) if _fills(place.node) else None
        if table is not None:
            callers = table.place.scope.callers
            filled.add((callers[-1] if callers else "", table.place.node.name))
    return filled


def _fills(node: Any) -> bool:
    return _FILLING_OPS.fullmatch(node.op) is not None


def _list_fillers(meta: MetaGraph) -> list[str]:
    """Gives the names of the nodes that fill a graph's tables."""
    signature = meta.signatures.get(_INIT_SIGNATURE)
    names = [each.name for each in signature.outputs.values()] if signature else []
    names += map(str, meta.collections.get("table_initializer", []))
    nodes = dict.fromkeys(parse_input(name).node for name in names)
    there = {node.name for node in meta.graph_def.node}
    return [name for name in nodes if name in there]
