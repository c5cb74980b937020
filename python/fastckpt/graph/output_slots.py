"""The outputs of a node, from its op's definition, or from what else the graph tells.

A definition (OpDef) names an op's outputs; one of them may stand for several tensors,
as many as an attribute of the node says.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from fastckpt.errors import CorruptionError
from fastckpt.graph.attributes import get_attribute
from fastckpt.graph.datatypes import make_reference

__all__ = ["OutputSlot", "expand_outputs", "guess_outputs"]

# More outputs than any real node has; a damaged attribute may claim 2^60.
_MAX_OUTPUTS = 1 << 16

_RESOURCE = 20  # DT_RESOURCE

# Ops without outputs, as far as graphs without definitions commonly hold them.
_NO_OUTPUTS = frozenset(
    [
        "Assert",
        "AssignAddVariableOp",
        "AssignSubVariableOp",
        "AssignVariableOp",
        "MergeV2Checkpoints",
        "NoOp",
        "Save",
        "SaveSlices",
        "SaveV2",
    ]
)

# Ops whose one output has the type that the attribute names.
_TYPE_ATTRIBUTES = {
    "ArgMax": "output_type",
    "ArgMin": "output_type",
    "Cast": "DstT",
    "Shape": "out_type",
    "Size": "out_type",
}
# Ops that frozen graphs end in, and whose output has the type of what they read.
_SAME_TYPE = re.compile(
    r"Add|AddV2|AvgPool|BatchMatMul|BatchMatMulV2|BiasAdd|ConcatV2|Conv2D|Elu"
    r"|ExpandDims|Identity|LogSoftmax|MatMul|Max|MaxPool|Maximum|Mean|Min|Minimum|Mul"
    r"|Neg|Pack|Pad|RealDiv|Relu|Relu6|Reshape|Selu|Sigmoid|Slice|Softmax|Softplus"
    r"|Squeeze|StridedSlice|Sub|Sum|Tanh|Tile|Transpose"
)


class OutputSlot(NamedTuple):
    """One output: its name in the definition, which of that name, its type."""

    name: str
    number: int
    type: int | None


def expand_outputs(definition: Any, node: Any) -> list[OutputSlot]:
    """Gives a node's outputs as its op's definition (OpDef) names them.

    Raises:
        CorruptionError: an attribute claims more outputs than any node has.
    """
    slots: list[OutputSlot] = []
    for argument in definition.output_arg:
        types = _list_types(argument, node)
        if len(slots) + len(types) > _MAX_OUTPUTS:
            raise CorruptionError(f"node {node.name!r} claims too many outputs")
        if argument.is_ref:
            types = [make_reference(number) for number in types]
        slots += [OutputSlot(argument.name, i, each) for i, each in enumerate(types)]
    return slots


def guess_outputs(node: Any, highest: int) -> list[OutputSlot]:
    """Gives the outputs of a node whose op has no definition, types as far as known.

    Args:
        highest: The highest index that anybody reads, -1 if nobody reads any.
    """
    count = 0 if node.op in _NO_OUTPUTS else max(highest + 1, 1)
    if "_output_shapes" in node.attr:
        count = len(get_attribute(node, "_output_shapes").list.shape)
    if count > _MAX_OUTPUTS:
        raise CorruptionError(f"output {highest} of node {node.name!r} is read")
    types = _list_called_types(node) or [_guess_type(node)]
    count = max(count, len(types) if "Tout" in node.attr else 0)
    types += [None] * (count - len(types))
    return [OutputSlot("output", i, types[i]) for i in range(count)]


def _list_called_types(node: Any) -> list[int | None]:
    """Gives the types of what a function returns to the node that calls it."""
    return list(get_attribute(node, "Tout").list.type)[:_MAX_OUTPUTS]


def _list_types(argument: Any, node: Any) -> list[int]:
    if argument.type_list_attr:
        return list(get_attribute(node, argument.type_list_attr).list.type)
    kind = argument.type
    if argument.type_attr:
        kind = get_attribute(node, argument.type_attr).type
    if not argument.number_attr:
        return [kind]
    count = get_attribute(node, argument.number_attr).i
    if not 0 <= count <= _MAX_OUTPUTS:
        raise CorruptionError(f"node {node.name!r} claims {count} outputs")
    return [kind] * int(count)


def _guess_type(node: Any) -> int | None:
    if node.op == "VarHandleOp":
        return _RESOURCE
    default = "T" if _SAME_TYPE.fullmatch(node.op) else "dtype"
    number = get_attribute(node, _TYPE_ATTRIBUTES.get(node.op, default)).type
    if not number:
        return None
    is_variable = node.op in ("Variable", "VariableV2")
    return make_reference(number) if is_variable else int(number)
