"""What becomes of a node that a frozen variable reaches.

Nodes that TensorFlow's freezing rewrites become the same here, attribute for attribute.
Beside these, what it leaves behind in a form that cannot be loaded is rewritten, too.
Source: tensorflow/python/framework/convert_to_constants.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from fastckpt.errors import UnsupportedError
from fastckpt.graph.attributes import get_attribute
from fastckpt.graph.freeze.calls import set_type
from fastckpt.graph.freeze.constants import make_constant
from fastckpt.graph.freeze.flow import (
    CALLS,
    CHANGING_REFERENCES,
    PASSING_OPS,
    REF_OPS,
    Form,
    Frozen,
)
from fastckpt.graph.schema import get_message

__all__ = ["Inputs", "NewNodes", "make_refusal", "rewrite_node"]

# What arrives at the inputs of a node, by their numbers.
Inputs = Mapping[int, Frozen]

_INT32, _BOOL = 3, 10  # DT_INT32, DT_BOOL

# Ops that want a variable itself as their first input, beside those that change it.
_KEEPING_OPS = frozenset({"DestroyTemporaryVariable", "RefSelect"})


class NewNodes:
    """The nodes that rewriting adds to a body, in order.

    Args:
        names: The names that are taken; new ones are added.
        in_function: Whether the body is a function's, where inputs are named otherwise.
    """

    def __init__(self, names: set[str], in_function: bool) -> None:
        self.nodes: list[Any] = []
        self._names = names
        self.in_function = in_function

    def add_constant(self, name: str, value: np.ndarray[Any, Any], dtype: int) -> str:
        """Adds a Const; gives what an input that reads it says."""
        unique, i = name, 0
        while unique in self._names:
            i += 1
            unique = f"{name}_{i}"
        self._names.add(unique)
        self.nodes.append(make_constant(unique, value, dtype))
        return f"{unique}:output:0" if self.in_function else unique


class _Case(NamedTuple):
    """A node that is reached: at which input, by what, and where new nodes go."""

    node: Any
    input: int
    frozen: Frozen
    new: NewNodes


_Rewriting = Callable[[_Case], None]


def rewrite_node(node: Any, inputs: Inputs, new: NewNodes) -> None:
    """Rewrites a node, in place, for constants in place of variables.

    Nodes that call functions are left alone.

    Args:
        node: The node's message.
        inputs: What arrives at its inputs.
        new: Takes the nodes that are needed beside it.

    Raises:
        UnsupportedError: the node needs a variable itself, not its value.
    """
    for number, frozen in inputs.items():
        case = _Case(node, number, frozen, new)
        rewrite = _find_rewriting(case)
        if rewrite is not None:
            rewrite(case)


def _find_rewriting(case: _Case) -> _Rewriting | None:
    op, form = case.node.op, case.frozen.form
    if op in PASSING_OPS:
        return _retype if case.input == 0 else None
    if op in REF_OPS and (case.input == 0 or op == "RefMerge"):
        return _drop_reference if form is not Form.HANDLE else _refuse
    if op in CALLS or form is Form.VALUE:
        return None
    if form is Form.REFERENCE:
        is_changed = op in _KEEPING_OPS or CHANGING_REFERENCES.fullmatch(op)
        if case.input == 0 and is_changed:
            return _refuse
        return _REFERENCE_OPS.get(op)
    rewrite: _Rewriting = _HANDLE_OPS.get(op, _refuse)
    return rewrite


def make_refusal(node: Any, variable: str) -> UnsupportedError:
    """Gives the error that a node needs more of a variable than its value."""
    return UnsupportedError(
        f"node {node.name!r} ({node.op}) needs the variable {variable!r} itself, "
        "not its value, and the outputs need that node: choose other outputs, or leave "
        "the variable as it is (blacklist)",
        tensor=variable,
    )


def _refuse(case: _Case) -> None:
    raise make_refusal(case.node, case.frozen.variable)


def _retype(case: _Case) -> None:
    case.node.attr["T"].type = case.frozen.dtype
    case.node.attr.pop("_output_shapes", None)


def _retype_one(case: _Case) -> None:
    set_type(case.node, "T", case.input, case.frozen.dtype)
    case.node.attr.pop("_output_shapes", None)


def _drop_reference(case: _Case) -> None:
    case.node.op = REF_OPS[case.node.op]
    _retype(case)


def _read(case: _Case) -> None:
    dtype = get_attribute(case.node, "dtype").type
    _replace(case.node, "Identity", list(case.node.input[:1]), {"T": dtype})


def _gather(case: _Case) -> None:
    node = case.node
    kind = get_attribute(node, "Tindices").type
    batch_dims = get_attribute(node, "batch_dims").i
    axis = np.array(batch_dims, np.int32 if kind == _INT32 else np.int64)
    axis_name = case.new.add_constant(f"{node.name}/axis", axis, kind)
    types = {"Tparams": case.frozen.dtype, "Tindices": kind, "Taxis": kind}
    _replace(node, "GatherV2", [*node.input[:2], axis_name], types)
    if batch_dims:
        node.attr["batch_dims"].i = batch_dims


def _gather_nd(case: _Case) -> None:
    kind = get_attribute(case.node, "Tindices").type
    types = {"Tparams": case.frozen.dtype, "Tindices": kind}
    _replace(case.node, "GatherNd", list(case.node.input[:2]), types)


def _ask_shape(case: _Case) -> None:
    kind = get_attribute(case.node, "out_type").type or _INT32  # the default
    types = {"T": case.frozen.dtype, "out_type": kind}
    _replace(case.node, "Shape", list(case.node.input[:1]), types)


def _say_initialized(case: _Case) -> None:
    controls = [text for text in case.node.input if text.startswith("^")]
    constant = make_constant(case.node.name, np.array(True), _BOOL)
    constant.input.extend(controls)
    constant.device = case.node.device
    case.node.CopyFrom(constant)


def _replace(node: Any, op: str, inputs: list[str], types: dict[str, int]) -> None:
    """Makes a node another one of the same name; only ``_class`` stays."""
    made = get_message("NodeDef")(name=node.name, op=op, input=inputs)
    for name, kind in types.items():
        made.attr[name].type = kind
    if "_class" in node.attr:
        made.attr["_class"].CopyFrom(node.attr["_class"])
    node.CopyFrom(made)


_HANDLE_OPS: dict[str, _Rewriting] = {
    "IdentityN": _retype_one,
    "Merge": _retype,
    "ReadVariableOp": _read,
    "ResourceGather": _gather,
    "ResourceGatherNd": _gather_nd,
    "VarIsInitializedOp": _say_initialized,
    "VariableShape": _ask_shape,
}

_REFERENCE_OPS: dict[str, _Rewriting] = {
    "IsVariableInitialized": _say_initialized,
    **dict.fromkeys(REF_OPS, _drop_reference),
}
