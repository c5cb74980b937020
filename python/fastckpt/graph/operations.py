"""Operations, tensors and functions of a graph, as values to look at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from fastckpt.base.cached import cached_property
from fastckpt.graph.attributes import (
    Shape,
    decode_attributes,
    decode_shape,
    get_attribute,
)
from fastckpt.graph.datatypes import get_dtype, get_type_name
from fastckpt.graph.names import parse_input
from fastckpt.graph.output_slots import OutputSlot, expand_outputs, guess_outputs

__all__ = ["GraphFunction", "GraphTensor", "Operation"]

# Gives an operation's definition by its op, or None where the graph brings none.
FindDefinition = Callable[[str], Any]


@dataclass(frozen=True, slots=True)
class GraphTensor:
    """One output of an operation.

    Attributes:
        name: ``"w1:0"``; in a function ``"w1:output:0"``.
        tf_dtype: TensorFlow's name of the type, None where the graph does not tell.
        shape: The dimensions, None for each that is not known; None if none is.
    """

    name: str
    tf_dtype: str | None
    shape: Shape

    @property
    def dtype(self) -> np.dtype[Any] | None:
        """The NumPy type; None where there is none, or where it is not known."""
        return None if self.tf_dtype is None else get_dtype(self.tf_dtype)


class Operation:
    """A node of a graph or of a function's body. Reads its message when asked.

    Args:
        node: The node's message (NodeDef).
        find_definition: Gives the definition of an op.
        highest_output: The highest index that anybody reads; used where the op has no
            definition.
        in_function: Whether the node is in a function's body.
    """

    def __init__(
        self,
        node: Any,
        find_definition: FindDefinition,
        highest_output: int,
        in_function: bool = False,
    ) -> None:
        self._node = node
        self._find_definition = find_definition
        self._highest_output = highest_output
        self._in_function = in_function

    def __repr__(self) -> str:
        return f"<Operation {self.name!r}: {self.op}>"

    @property
    def name(self) -> str:
        """The node's name."""
        return str(self._node.name)

    @property
    def op(self) -> str:
        """What it computes, e.g. ``"MatMul"``."""
        return str(self._node.op)

    @property
    def device(self) -> str:
        """The device that was asked for, "" if none."""
        return str(self._node.device)

    @property
    def inputs(self) -> list[str]:
        """The names of the tensors that it reads, ``"w1:0"``."""
        return [
            text if self._in_function or ":" in text else f"{text}:0"
            for text in self._node.input
            if not text.startswith("^")
        ]

    @property
    def control_inputs(self) -> list[str]:
        """The names of the operations that must have run before."""
        sources = map(parse_input, self._node.input)
        return [source.node for source in sources if source.is_control]

    @cached_property
    def attributes(self) -> dict[str, Any]:
        """The attributes by name, as Python values (see ``decode_attribute``)."""
        return decode_attributes(self._node.attr)

    @cached_property
    def outputs(self) -> list[GraphTensor]:
        """What it gives, with the types and shapes that the graph tells."""
        definition = self._find_definition(self.op)
        if definition is not None:
            slots = expand_outputs(definition, self._node)
        else:
            slots = guess_outputs(self._node, self._highest_output)
        return [self._make_tensor(i, slot) for i, slot in enumerate(slots)]

    def _make_tensor(self, index: int, slot: OutputSlot) -> GraphTensor:
        place = f"{slot.name}:{slot.number}" if self._in_function else str(index)
        kind = None if slot.type is None else get_type_name(slot.type)
        return GraphTensor(f"{self.name}:{place}", kind, self._find_shape(index))

    def _find_shape(self, index: int) -> Shape:
        shapes = get_attribute(self._node, "_output_shapes").list.shape
        if index < len(shapes):
            return decode_shape(shapes[index])
        if self.op == "VarHandleOp":
            return ()
        if self.op == "Const":
            return decode_shape(get_attribute(self._node, "value").tensor.tensor_shape)
        value = get_attribute(self._node, "shape")
        if index == 0 and value.HasField("shape"):
            return decode_shape(value.shape)
        return None


class GraphFunction:
    """A function of the graph's library. Reads its message when asked.

    Args:
        function: The function's message (FunctionDef).
        find_definition: Gives the definition of an op.
    """

    def __init__(self, function: Any, find_definition: FindDefinition) -> None:
        self._function = function
        self._find_definition = find_definition

    def __repr__(self) -> str:
        return f"<GraphFunction {self.name!r}>"

    @property
    def name(self) -> str:
        """The function's name."""
        return str(self._function.signature.name)

    @property
    def inputs(self) -> list[GraphTensor]:
        """The arguments."""
        return _list_arguments(self._function.signature.input_arg)

    @property
    def outputs(self) -> list[GraphTensor]:
        """What the function returns."""
        return _list_arguments(self._function.signature.output_arg)

    @property
    def returns(self) -> dict[str, str]:
        """For each output the tensor of the body that it is."""
        return dict(sorted(self._function.ret.items()))

    @property
    def operations(self) -> list[Operation]:
        """The nodes of the body, in the file's order."""
        find = self._find_definition
        nodes = self._function.node_def
        return [Operation(node, find, 0, in_function=True) for node in nodes]


def _list_arguments(arguments: Any) -> list[GraphTensor]:
    return [
        GraphTensor(each.name, get_type_name(each.type) if each.type else None, None)
        for each in arguments
    ]
