"""The part of a graph that some outputs need.

Source: tensorflow/python/framework/graph_util_impl.py, extract_sub_graph.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fastckpt.errors import CorruptionError
from fastckpt.graph.attributes import get_attribute
from fastckpt.graph.names import parse_input
from fastckpt.graph.schema import get_message

__all__ = [
    "add_defaults",
    "extract_subgraph",
    "find_needed",
]


def extract_subgraph(graph: Any, outputs: Iterable[str]) -> Any:
    """Gives a GraphDef with the nodes that some nodes need, in their order.

    The library and the versions are copied whole. Nodes with which a needed node is to
    share its device are needed, too.

    Raises:
        CorruptionError: a needed node reads one that is not in the graph.
    """
    needed = find_needed(graph, outputs)
    subgraph = get_message("GraphDef")()
    subgraph.node.extend(node for node in graph.node if node.name in needed)
    subgraph.library.CopyFrom(graph.library)
    subgraph.versions.CopyFrom(graph.versions)
    return subgraph


def find_needed(graph: Any, outputs: Iterable[str]) -> set[str]:
    """Gives the names of the nodes of a GraphDef that some nodes need, themselves, too.

    Raises:
        CorruptionError: a needed node reads one that is not in the graph.
    """
    nodes = {node.name: node for node in graph.node}
    needed: set[str] = set()
    waiting = list(outputs)
    while waiting:
        name = waiting.pop()
        if name in needed:
            continue
        if name not in nodes:
            raise CorruptionError(f"the graph reads node {name!r}, which is not in it")
        needed.add(name)
        waiting += _list_needed(nodes[name])
    return needed


def add_defaults(graph: Any, definitions: Mapping[str, Any]) -> None:
    """Gives nodes, in place, the attributes that were left out as defaults.

    SavedModels leave them out; TensorFlow's freezing writes them.
    """
    for node in graph.node:
        definition = definitions.get(node.op)
        for attribute in definition.attr if definition else ():
            has_default = attribute.HasField("default_value")
            if has_default and attribute.name not in node.attr:
                node.attr[attribute.name].CopyFrom(attribute.default_value)


def _list_needed(node: Any) -> list[str]:
    needed = [parse_input(text).node for text in node.input]
    for partner in get_attribute(node, "_class").list.s:
        needed.append(partner.decode("utf-8", "surrogateescape").removeprefix("loc:@"))
    return needed
