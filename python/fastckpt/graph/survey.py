"""What a graph is made of, for somebody who was given it and nothing else."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Container, Iterable, Iterator
from typing import Any, NamedTuple

from fastckpt.graph.attributes import Shape, decode_shape, get_attribute
from fastckpt.graph.datatypes import count_bytes, get_type_name
from fastckpt.graph.meta_graph import MetaGraph
from fastckpt.graph.names import parse_input
from fastckpt.graph.operations import GraphTensor
from fastckpt.graph.outputs import INIT_SIGNATURES, find_likely_outputs
from fastckpt.graph.subgraph import find_needed

__all__ = [
    "Constant",
    "Ends",
    "Missing",
    "count_function_kinds",
    "count_kinds",
    "find_ends",
    "find_missing",
    "list_calls",
    "list_constants",
]

_ASSETS = "assets"
_SMALL = 1024


class Ends(NamedTuple):
    """What to feed and what comes out, by the names to call them by.

    Attributes:
        signature: The signature that says so; None: none does, and it is a guess.
        inputs: The tensors to feed.
        outputs: The tensors to fetch.
    """

    signature: str | None
    inputs: dict[str, GraphTensor]
    outputs: dict[str, GraphTensor]


class Constant(NamedTuple):
    """A value that the graph itself holds.

    Attributes:
        name: The node's name; of a function's node ``function/node``.
        tf_dtype: TensorFlow's name of the type.
        shape: The dimensions.
        nbytes: The size of the value, None where it is not told (strings).
        in_function: Whether a function has it.
    """

    name: str
    tf_dtype: str
    shape: Shape
    nbytes: int | None
    in_function: bool

    @property
    def is_small(self) -> bool:
        """Whether it is one of the many numbers that functions are full of."""
        return self.in_function and (self.nbytes or 0) < _SMALL


class Missing(NamedTuple):
    """What is needed and not there.

    Attributes:
        nodes: Nodes that are read, or that a signature names, and that do not exist.
        variables: Variables that the outputs need and that no tensor is there for.
        assets: Files that belong to the graph.
    """

    nodes: list[str]
    variables: list[str]
    assets: list[str]


def list_calls(meta: MetaGraph) -> list[str]:
    """Gives the signatures that are for callers, the usual one first."""
    names = [name for name in meta.signatures if name not in INIT_SIGNATURES]
    return sorted(names, key=lambda name: name != "serving_default")


def find_ends(meta: MetaGraph) -> Ends:
    """Gives the inputs and the outputs."""
    for name in list_calls(meta):
        signature = meta.signatures[name]
        return Ends(name, signature.inputs, signature.outputs)
    outputs = find_likely_outputs(meta)
    needed = find_needed(meta.graph_def, outputs)
    inputs = [each for each in meta.placeholders if not outputs or each.name in needed]
    return Ends(
        None,
        _name_tensors(operation.outputs for operation in inputs),
        _name_tensors(meta.get_operation_by_name(name).outputs for name in outputs),
    )


def _name_tensors(groups: Iterable[list[GraphTensor]]) -> dict[str, GraphTensor]:
    return {tensor.name: tensor for group in groups for tensor in group}


def count_kinds(meta: MetaGraph) -> dict[str, int]:
    """Gives how many nodes there are of each kind, the most first."""
    return _sort(Counter(node.op for node in meta.graph_def.node))


def count_function_kinds(meta: MetaGraph) -> dict[str, int]:
    """Gives how many nodes of each kind the functions have, the most first."""
    functions = meta.graph_def.library.function
    return _sort(Counter(node.op for it in functions for node in it.node_def))


def _sort(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def list_constants(meta: MetaGraph) -> list[Constant]:
    """Gives the constants of the graph and of its functions, the largest first."""
    found = [
        _describe_constant(name, node, in_function)
        for name, node, in_function in _list_nodes(meta)
        if node.op == "Const"
    ]
    return sorted(found, key=lambda it: -(it.nbytes or 0))


def _list_nodes(meta: MetaGraph) -> Iterator[tuple[str, Any, bool]]:
    for node in meta.graph_def.node:
        yield node.name, node, False
    for function in meta.graph_def.library.function:
        for node in function.node_def:
            yield f"{function.signature.name}/{node.name}", node, True


def _describe_constant(name: str, node: Any, in_function: bool) -> Constant:
    value = get_attribute(node, "value").tensor
    kind, shape = get_type_name(value.dtype), decode_shape(value.tensor_shape)
    return Constant(name, kind, shape, count_bytes(kind, shape), in_function)


def find_missing(
    meta: MetaGraph, outputs: Iterable[GraphTensor], stored: Container[str]
) -> Missing:
    """Gives what these outputs need and is not there.

    Args:
        meta: The graph.
        outputs: What is to be computed.
        stored: The names of the checkpoint's tensors.
    """
    needed, absent = _find_needed(meta, outputs)
    variables = [
        name
        for name, it in meta.variables.items()
        if name in needed and it.checkpoint_name not in stored
    ]
    return Missing(absent, variables, list(_list_lost_assets(meta)))


def _find_needed(
    meta: MetaGraph, outputs: Iterable[GraphTensor]
) -> tuple[set[str], list[str]]:
    """Gives the nodes that tensors need, and those of them that do not exist."""
    nodes = {node.name: node for node in meta.graph_def.node}
    waiting = [parse_input(tensor.name).node for tensor in outputs if tensor.name]
    needed: set[str] = set()
    absent = []
    while waiting:
        name = waiting.pop()
        if name in needed:
            continue
        needed.add(name)
        if name in nodes:
            waiting += [parse_input(text).node for text in nodes[name].input]
        else:
            absent.append(name)
    return needed, sorted(absent)


def _list_lost_assets(meta: MetaGraph) -> Iterator[str]:
    if meta.kind != "SavedModel" or meta.path is None:
        return
    folder = os.path.join(os.path.dirname(meta.path), _ASSETS)
    for name in dict.fromkeys(meta.asset_files.values()):
        if not os.path.exists(path := os.path.join(folder, name)):
            yield path
