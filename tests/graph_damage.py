"""Graphs that are legal messages and make no sense: changes to real ones."""

from __future__ import annotations

import random
from typing import Any

INPUTS = ["", "^", "::", "x:y:z", ":7", ":out:3"]
TYPES = [0, 1, 3, 7, 20, 21, 77, 101]
OPS = ["Assign", "Const", "Identity", "IdentityN", "If", "Merge", "ReadVariableOp"]
OPS += ["ResourceGather", "RestoreV2", "StatefulPartitionedCall", "While"]
OPS += ["VarHandleOp", "VariableV2"]


def damage(meta: Any, choose: random.Random) -> None:
    """Makes up to six changes to a MetaGraphDef, in place."""
    graph = meta.graph_def
    bodies = [graph.node, *(each.node_def for each in graph.library.function)]
    for _ in range(choose.randint(1, 6)):
        nodes = choose.choice(bodies)
        if len(nodes):
            change = choose.choice(CHANGES)
            change(meta, nodes, choose.randrange(len(nodes)), choose)


def _drop_node(meta: Any, nodes: Any, place: int, choose: random.Random) -> None:
    del nodes[place]


def _change_input(meta: Any, nodes: Any, place: int, choose: random.Random) -> None:
    node = nodes[place]
    texts = [*INPUTS, node.name, f"^{node.name}", f"{choose.choice(nodes).name}:1"]
    if node.input:
        node.input[choose.randrange(len(node.input))] = choose.choice(texts)


def _drop_inputs(meta: Any, nodes: Any, place: int, choose: random.Random) -> None:
    del nodes[place].input[choose.randrange(len(nodes[place].input) + 1) :]


def _add_input(meta: Any, nodes: Any, place: int, choose: random.Random) -> None:
    nodes[place].input.append(choose.choice(nodes).name)


def _change_attribute(meta: Any, nodes: Any, place: int, choose: random.Random) -> None:
    attributes = nodes[place].attr
    if attributes:
        value = attributes[choose.choice(sorted(attributes))]
        value.Clear()
        value.type = choose.choice(TYPES)


def _drop_attribute(meta: Any, nodes: Any, place: int, choose: random.Random) -> None:
    attributes = nodes[place].attr
    if attributes:
        del attributes[choose.choice(sorted(attributes))]


def _change_op(meta: Any, nodes: Any, place: int, choose: random.Random) -> None:
    nodes[place].op = choose.choice(OPS)


def _repeat_name(meta: Any, nodes: Any, place: int, choose: random.Random) -> None:
    nodes[place].name = choose.choice(nodes).name


def _add_dimensions(meta: Any, nodes: Any, place: int, choose: random.Random) -> None:
    size = choose.choice([-1, 0, 5, 1 << 40])
    for value in nodes[place].attr.values():
        if value.HasField("tensor"):
            value.tensor.tensor_shape.dim.add(size=size)
        if value.HasField("shape"):
            value.shape.dim.add(size=size)


def _shorten_lists(meta: Any, nodes: Any, place: int, choose: random.Random) -> None:
    for value in nodes[place].attr.values():
        for _, items in value.list.ListFields():
            del items[-1]


def _change_function(meta: Any, nodes: Any, place: int, choose: random.Random) -> None:
    functions = meta.graph_def.library.function
    if functions:
        function = choose.choice(functions)
        lists = [function.signature.input_arg, function.signature.output_arg]
        del choose.choice(lists)[-1:]
        function.ret.pop(choose.choice([*sorted(function.ret), ""]), None)


def _call_itself(meta: Any, nodes: Any, place: int, choose: random.Random) -> None:
    for function in meta.graph_def.library.function:
        for node in function.node_def:
            for value in node.attr.values():
                if value.HasField("func"):
                    value.func.name = function.signature.name


def _change_saver(meta: Any, nodes: Any, place: int, choose: random.Random) -> None:
    meta.saver_def.restore_op_name = choose.choice(["", "x:y", nodes[place].name])


def _change_collections(
    meta: Any, nodes: Any, place: int, choose: random.Random
) -> None:
    for collection in meta.collection_def.values():
        if collection.bytes_list.value:
            collection.bytes_list.value[0] = choose.choice([b"", b"\xff", b"\x0a\x01v"])


CHANGES = [
    _drop_node,
    _change_input,
    _drop_inputs,
    _add_input,
    _change_attribute,
    _drop_attribute,
    _change_op,
    _repeat_name,
    _add_dimensions,
    _shorten_lists,
    _change_function,
    _call_itself,
    _change_saver,
    _change_collections,
]
