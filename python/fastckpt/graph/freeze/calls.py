"""Nodes that call functions: which ones, with what types, and how they change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fastckpt.errors import CorruptionError, UnsupportedError
from fastckpt.graph.attributes import get_attribute
from fastckpt.graph.freeze.flow import CALLS, Form, Frozen

__all__ = [
    "LOOPS",
    "find_used",
    "iterate_calls",
    "list_calls",
    "list_returning",
    "retype_call",
    "set_type",
    "shift_arguments",
]

LOOPS = frozenset({"While", "StatelessWhile"})


def list_calls(node: Any, attr: str) -> list[Any]:
    """Gives the functions that an attribute names, as messages (NameAttrList)."""
    value = get_attribute(node, attr)
    kind = value.WhichOneof("value")
    if kind == "func":
        return [value.func]
    return list(value.list.func) if kind == "list" else []


def list_returning(node: Any) -> list[str]:
    """Gives the names of the functions of which a calling node returns the outputs."""
    attrs = [attr for attr in CALLS[node.op].functions if attr != "cond"]
    return [each.name for attr in attrs for each in list_calls(node, attr)]


def retype_call(
    node: Any,
    arguments: Mapping[int, Frozen],
    returned: Mapping[int, Frozen],
    in_function: bool,
) -> None:
    """Changes, in place, the types and shapes that a calling node tells.

    Args:
        node: The node's message.
        arguments: What arrives at the functions' arguments, by their numbers.
        returned: The handles that become values among the node's outputs.
        in_function: Whether the node is in a function's body.

    Raises:
        UnsupportedError: a loop changes which variable one of its inputs is.
    """
    is_loop = node.op in LOOPS
    for index, frozen in arguments.items():
        set_type(node, CALLS[node.op].types, index, frozen.dtype)
        if is_loop:
            _check_loop(node, index, frozen, returned)
            _set_shape(node, "output_shapes", index, frozen.shape)
    for index, frozen in returned.items():
        if not is_loop:
            set_type(node, "Tout", index, frozen.dtype)
        if not (is_loop and in_function):
            # TensorFlow's conversion forgets this one. Importing a graph compares
            # it with what it finds out itself; only in functions nobody does.
            _set_shape(node, "_output_shapes", index, frozen.shape)


def find_used(nodes: Iterable[Any], bodies: Mapping[str, Iterable[Any]]) -> set[str]:
    """Gives the functions that nodes call, directly or through others."""
    used: set[str] = set()
    waiting = [name for node in nodes for name in _list_named(node)]
    while waiting:
        name = waiting.pop()
        if name in used or name not in bodies:
            continue
        used.add(name)
        waiting += [each for node in bodies[name] for each in _list_named(node)]
    return used


def shift_arguments(inputs: Mapping[int, Frozen], first: int) -> dict[int, Frozen]:
    """Gives what arrives at the arguments; a reference arrives there as its value."""
    shifted = {}
    for index, frozen in sorted(inputs.items()):
        if index >= first:
            shifted[index - first] = frozen.as_argument()
    return shifted


def iterate_calls(attributes: Any) -> Iterator[Any]:
    """Gives all functions that attributes name, as messages (NameAttrList)."""
    for value in attributes.values():
        kind = value.WhichOneof("value")
        if kind == "func":
            calls = [value.func]
        else:
            calls = list(value.list.func) if kind == "list" else []
        for call in calls:
            yield call
            yield from iterate_calls(call.attr)


def _list_named(node: Any) -> list[str]:
    """Gives all functions that a node names: as its op or in any attribute."""
    return [node.op, *(each.name for each in iterate_calls(node.attr))]


def set_type(node: Any, attr: str, index: int, dtype: int) -> None:
    """Changes one of the types that an attribute lists.

    Raises:
        CorruptionError: the attribute lists fewer.
    """
    types = get_attribute(node, attr).list.type
    if index >= len(types):
        raise CorruptionError(
            f"node {node.name!r} has {len(types)} types in {attr!r}, and more inputs"
        )
    types[index] = dtype


def _check_loop(
    node: Any, index: int, frozen: Frozen, returned: Mapping[int, Frozen]
) -> None:
    if frozen.form is Form.HANDLE and index not in returned:
        raise UnsupportedError(
            f"the loop {node.name!r} changes which variable its input {index} is, so "
            f"{frozen.variable!r} cannot be frozen",
            tensor=frozen.variable,
        )


def _set_shape(node: Any, attr: str, index: int, shape: tuple[int, ...]) -> None:
    shapes = get_attribute(node, attr).list.shape
    if index < len(shapes):
        shapes[index].Clear()
        for dim in shape:
            shapes[index].dim.add(size=dim)
