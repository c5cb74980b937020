"""The part of a graph that some outputs need, and which outputs a graph has.

Source: tensorflow/python/framework/graph_util_impl.py, extract_sub_graph.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from fastckpt.errors import CorruptionError
from fastckpt.graph.attributes import get_attribute
from fastckpt.graph.meta_graph import MetaGraph
from fastckpt.graph.names import find_close, parse_input
from fastckpt.graph.operations import Operation
from fastckpt.graph.schema import get_message

__all__ = [
    "add_defaults",
    "choose_outputs",
    "extract_subgraph",
    "find_likely_outputs",
    "find_needed",
]

# Nodes that nobody reads and that nobody means when they speak of a graph's outputs.
_NO_OUTPUT_OPS = re.compile(
    r"Assert|Const|DisableCopyOnRead|NoOp|Placeholder.*|ReadVariableOp|VarHandleOp|Variable(?:V2)?"
    r"|VarIsInitializedOp|IsVariableInitialized"
)
_CHANGING_OPS = re.compile(
    r"Assign.*|.*(?:Restore|Save|Checkpoints).*"
    r"|(?:Resource)?(?:Sparse)?Apply.*|ResourceScatter.*"
)
_NO_OUTPUT_NAMES = re.compile(r"(?:.*/)?init(?:_\d+)?|(?:.*/)?gradients(?:_\d+)?/.*")
_INIT_SIGNATURE = "__saved_model_init_op"
_DEFAULT_SIGNATURE = "serving_default"
# How many likely outputs a message lists.
_MAX_LISTED = 10


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


def choose_outputs(meta: MetaGraph, wanted: str | Iterable[str] | None) -> list[str]:
    """Gives the names of the nodes to keep, checked.

    Args:
        meta: The graph.
        wanted: Names of nodes or of tensors, also as one text with commas. None takes
            what the signature gives, or else the nodes that nobody reads, without those
            that save, restore, assign or initialize.

    Raises:
        TypeError: a name is no str.
        ValueError: there is no such node, or none is left to choose; the message names
            the closest ones and the likely outputs.
    """
    if wanted is None:
        chosen = find_likely_outputs(meta)
        if not chosen:
            raise ValueError(
                "the graph has no signature, and no node that nobody reads is an "
                "output: name the outputs"
            )
        return chosen
    texts = wanted.split(",") if isinstance(wanted, str) else list(wanted)
    for text in texts:
        if not isinstance(text, str):
            raise TypeError(f"an output's name must be a str, not {text!r}")
    names = [parse_input(text.strip()).node for text in texts]
    if not names:
        raise ValueError("no outputs are named")
    _check_outputs(meta, names)
    return names


def _list_needed(node: Any) -> list[str]:
    needed = [parse_input(text).node for text in node.input]
    for partner in get_attribute(node, "_class").list.s:
        needed.append(partner.decode("utf-8", "surrogateescape").removeprefix("loc:@"))
    return needed


def _check_outputs(meta: MetaGraph, names: list[str]) -> None:
    there = {operation.name for operation in meta.operations}
    for name in names:
        if name not in there:
            likely = ", ".join(map(repr, find_likely_outputs(meta)[:_MAX_LISTED]))
            raise ValueError(
                f"the graph has no node {name!r}{find_close(name, there) or '.'} "
                f"Likely outputs: {likely or 'none is found'}"
            )


def find_likely_outputs(meta: MetaGraph) -> list[str]:
    """Gives the names of the nodes that are a graph's outputs, as far as it tells."""
    signatures = dict(meta.signatures)
    signatures.pop(_INIT_SIGNATURE, None)
    if _DEFAULT_SIGNATURE in signatures:
        signatures = {_DEFAULT_SIGNATURE: signatures[_DEFAULT_SIGNATURE]}
    tensors = [t for s in signatures.values() for t in s.outputs.values()]
    if tensors:
        return list(dict.fromkeys(parse_input(tensor.name).node for tensor in tensors))
    changed = _find_changed(meta)
    return [
        operation.name
        for operation in meta.outputs
        if not _NO_OUTPUT_OPS.fullmatch(operation.op)
        and not _NO_OUTPUT_NAMES.fullmatch(operation.name)
        and operation.name not in changed
        and not _is_plain_read(operation, meta)
    ]


def _is_plain_read(operation: Operation, meta: MetaGraph) -> bool:
    """Tells the node ``v/read`` that each reference variable has."""
    variable = operation.name.removesuffix("/read")
    is_read = operation.op == "Identity" and variable in meta.variables
    return is_read and operation.inputs == [f"{variable}:0"]


def _find_changed(meta: MetaGraph) -> set[str]:
    """Gives the nodes that come after a variable is changed, or a file is written."""
    readers: dict[str, list[str]] = {}
    for node in meta.graph_def.node:
        for text in node.input:
            readers.setdefault(parse_input(text).node, []).append(node.name)
    waiting = [op.name for op in meta.operations if _CHANGING_OPS.fullmatch(op.op)]
    changed: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in changed:
            changed.add(name)
            waiting += readers.get(name, [])
    return changed
