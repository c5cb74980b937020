"""One node of a graph as ``graph --node`` presents it."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastckpt.base.text import escape, shorten
from fastckpt.cli.render.output import paint, print_fields, print_json, print_lines
from fastckpt.graph.attributes import FunctionCall
from fastckpt.graph.meta_graph import MetaGraph
from fastckpt.graph.names import parse_input
from fastckpt.graph.operations import GraphTensor, Operation

__all__ = ["describe_tensor", "format_shape", "show_node"]

# Values of a constant that are shown; the rest is counted.
_MOST_VALUES = 8
_MOST_CHARACTERS = 200


def show_node(meta: MetaGraph, name: str, as_json: bool) -> None:
    """Writes all that a graph says of one node, given by its or a tensor's name."""
    operation = meta.get_operation_by_name(parse_input(name).node)
    if as_json:
        print_json(_describe_operation(operation))
        return
    print_lines([paint(escape(operation.name), "bold")])
    print_fields(_list_facts(operation))


def describe_tensor(tensor: GraphTensor) -> dict[str, Any]:
    """Gives a tensor as plain values."""
    shape = None if tensor.shape is None else list(tensor.shape)
    return {"name": tensor.name, "dtype": tensor.tf_dtype, "shape": shape}


def format_shape(shape: tuple[int | None, ...] | None) -> str:
    """Gives a shape with ``?`` for each dimension that is not known."""
    if shape is None:
        return "?"
    dims = ["?" if dim is None else str(dim) for dim in shape]
    return f"({dims[0]},)" if len(dims) == 1 else f"({', '.join(dims)})"


def _describe_operation(operation: Operation) -> dict[str, Any]:
    attributes = operation.attributes
    return {
        "name": operation.name,
        "op": operation.op,
        "device": operation.device,
        "inputs": operation.inputs,
        "control_inputs": operation.control_inputs,
        "outputs": [describe_tensor(each) for each in operation.outputs],
        "attributes": {name: _to_plain(attributes[name]) for name in attributes},
    }


def _list_facts(operation: Operation) -> list[tuple[str, str]]:
    fields = [("op", escape(operation.op))]
    if operation.device:
        fields.append(("device", escape(operation.device)))
    fields += [("input", escape(name)) for name in operation.inputs]
    fields += [("after", escape(name)) for name in operation.control_inputs]
    for tensor in operation.outputs:
        text = f"{escape(tensor.name)}  {tensor.tf_dtype or '?'}"
        fields.append(("output", f"{text}  {format_shape(tensor.shape)}"))
    for name, value in operation.attributes.items():
        text = escape(shorten(str(_to_plain(value)), _MOST_CHARACTERS))
        fields.append(("attribute", f"{escape(name)} = {text}"))
    return fields


def _to_plain(value: Any) -> Any:
    """Gives an attribute's value as JSON can hold it."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, np.ndarray):
        values = value.reshape(-1)[:_MOST_VALUES].tolist()
        shown = [_to_plain(each) for each in values]
        return {"dtype": str(value.dtype), "shape": list(value.shape), "values": shown}
    if isinstance(value, FunctionCall):
        attributes = {name: _to_plain(each) for name, each in value.attributes.items()}
        return {"function": value.name, "attributes": attributes}
    if isinstance(value, list | tuple):
        return [_to_plain(each) for each in value]
    return value
