"""Arguments and outputs of a function that takes values where it took variables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastckpt.errors import CorruptionError
from fastckpt.graph.freeze.flow import Flow, Form, Frozen, Port
from fastckpt.graph.names import parse_input

__all__ = ["list_returned", "rename_outputs", "returns_resources", "retype_function"]

_RESOURCE = 20  # DT_RESOURCE


def returns_resources(function: Any) -> bool:
    """Tells whether a function may return a variable's handle."""
    return any(each.type == _RESOURCE for each in function.signature.output_arg)


def list_returned(function: Any, flow: Flow) -> dict[int, Frozen]:
    """Gives the handles that a function returns, by its outputs."""
    returned = {}
    for index, argument in enumerate(function.signature.output_arg):
        source = parse_input(function.ret.get(argument.name, ""))
        frozen = flow.ports.get(Port(source.node, source.output, source.number))
        if frozen is not None and frozen.form is Form.HANDLE:
            returned[index] = frozen
    return returned


def retype_function(
    function: Any, flow: Flow, arguments: Mapping[int, Frozen], is_loop_body: bool
) -> None:
    """Changes, in place, the types in a function's signature.

    Raises:
        CorruptionError: The function has fewer arguments.
    """
    signature = function.signature
    if max(arguments) >= len(signature.input_arg):
        raise CorruptionError(
            f"function {signature.name!r} is called with more arguments"
        )
    for index, frozen in arguments.items():
        signature.input_arg[index].type = frozen.dtype
        _forget_shape(function, index)
        if is_loop_body and index < len(signature.output_arg):
            signature.output_arg[index].type = frozen.dtype
    for index, frozen in list_returned(function, flow).items():
        signature.output_arg[index].type = frozen.dtype


def _forget_shape(function: Any, index: int) -> None:
    if "_input_shapes" in function.attr:
        shapes = function.attr["_input_shapes"].list.shape
        if index < len(shapes):
            shapes[index].Clear()
            shapes[index].unknown_rank = True
    # TensorFlow's conversion leaves an entry for each such argument, empty or not.
    attributes = function.arg_attr[index].attr
    if "_output_shapes" in attributes and attributes["_output_shapes"].list.shape:
        shape = attributes["_output_shapes"].list.shape[0]
        shape.Clear()
        shape.unknown_rank = True


def rename_outputs(function: Any, reads: set[str]) -> None:
    """The output ``value`` of a read is the output ``output`` of an Identity."""
    for node in function.node_def:
        for i, text in enumerate(node.input):
            node.input[i] = _rename(text, reads)
    for name, text in list(function.ret.items()):
        function.ret[name] = _rename(text, reads)


def _rename(text: str, reads: set[str]) -> str:
    source = parse_input(text)
    if source.node in reads and source.output == "value":
        return f"{source.node}:output:{source.number}"
    return text
