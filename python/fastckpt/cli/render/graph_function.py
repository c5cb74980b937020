"""One function of a graph as ``graph --function`` presents it."""

from __future__ import annotations

from collections import Counter
from typing import Any

from fastckpt.base.text import escape
from fastckpt.cli.render.graph_node import describe_tensor
from fastckpt.cli.render.graph_tables import make_kind_table, make_tensor_table
from fastckpt.cli.render.output import paint, print_json, print_lines, print_table
from fastckpt.errors import MissingKeyError
from fastckpt.graph.meta_graph import MetaGraph
from fastckpt.graph.names import find_close
from fastckpt.graph.operations import GraphFunction

__all__ = ["show_function"]


def show_function(meta: MetaGraph, name: str, as_json: bool, is_whole: bool) -> None:
    """Writes what a function takes, gives, and is made of.

    Args:
        meta: The graph.
        name: The function's name.
        as_json: Whether as one JSON document.
        is_whole: Whether each node is listed.

    Raises:
        KeyError: There is no such function; the message has the closest names.
    """
    function = meta.functions.get(name)
    if function is None:
        close = find_close(name, meta.functions)
        raise MissingKeyError(f"the graph has no function {name!r}{close}")
    if as_json:
        print_json(_describe(function))
        return
    print_lines([paint(escape(name), "bold")])
    for title, tensors in (("input", function.inputs), ("output", function.outputs)):
        if tensors:
            print_lines([""])
            by_name = {tensor.name: tensor for tensor in tensors}
            header, rows, right = make_tensor_table(title, by_name)
            # A function's arguments have no other name, and no shape.
            print_table([header[0], header[2]], [[it[0], it[2]] for it in rows], right)
    print_lines([""])
    if is_whole:
        rows = [
            [escape(it.name), escape(it.op), ", ".join(map(escape, it.inputs))]
            for it in function.operations
        ]
        print_table(["node", "operation", "reads"], rows)
    else:
        print_table(*make_kind_table(_count_kinds(function), {}))


def _count_kinds(function: GraphFunction) -> dict[str, int]:
    return dict(Counter(operation.op for operation in function.operations))


def _describe(function: GraphFunction) -> dict[str, Any]:
    return {
        "name": function.name,
        "inputs": [describe_tensor(it) for it in function.inputs],
        "outputs": [describe_tensor(it) for it in function.outputs],
        "returns": function.returns,
        "kinds": _count_kinds(function),
        "nodes": [
            {"name": it.name, "op": it.op, "inputs": it.inputs}
            for it in function.operations
        ],
    }
