"""The object graph as its message has it: which object holds which, and their values.

Source: tensorflow/core/protobuf/trackable_object_graph.proto.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, Protocol

from fastckpt import _native
from fastckpt.errors import CheckpointError, CorruptionError

__all__ = [
    "GRAPH_KEY",
    "VALUE",
    "Held",
    "Node",
    "SlotReference",
    "Value",
    "list_stored_keys",
    "parse",
    "read_content",
]

GRAPH_KEY = "_CHECKPOINTABLE_OBJECT_GRAPH"
"""The tensor that holds the object graph."""

VALUE = "VARIABLE_VALUE"
"""What a variable's value is called among an object's values."""

_ENDINGS = ("-keys", "-values", "_STATE")
"""What follows a value's key in those of its tensors, where it has several or another
name: tables and iterators."""


class Held(NamedTuple):
    """An object that another holds, and under which name."""

    node: int
    name: str


class Value(NamedTuple):
    """A value of an object; of a variable its ``name`` is ``VALUE``."""

    name: str
    full_name: str
    key: str


class SlotReference(NamedTuple):
    """That an optimizer keeps an object, the slot, for a variable."""

    variable: int
    name: str
    slot: int


class Node(NamedTuple):
    """An object of the program."""

    children: list[Held]
    values: list[Value]
    slots: list[SlotReference]


class _Tensors(Protocol):
    def __contains__(self, key: object, /) -> bool: ...


def read_content(tensors: Mapping[str, Any]) -> bytes | None:
    """Gives the bytes of the object graph, or None where there is none.

    Args:
        tensors: Values by name, such as an open checkpoint.

    Raises:
        CorruptionError: The tensor of that name is no single string.
    """
    if GRAPH_KEY not in tensors:
        return None
    value = tensors[GRAPH_KEY]
    if value.shape or not isinstance(value[()], bytes):
        raise CorruptionError(f"{GRAPH_KEY} is no single string", tensor=GRAPH_KEY)
    content: bytes = value[()]
    return content


def parse(content: bytes) -> list[Node]:
    """Gives the objects of an object graph, the root first.

    Raises:
        CorruptionError: It is damaged, or an object refers to one that is not there.
        UnsupportedError: It would take far more memory than it has bytes.
    """
    try:
        rows = _native.parse_object_graph(content)
    except CheckpointError as error:
        raise type(error)(
            f"{GRAPH_KEY}: {len(content)} bytes that are no sound object graph "
            f"({error}); the file is damaged, copy it again",
            tensor=GRAPH_KEY,
        ) from None
    return [
        Node(
            [Held(*held) for held in children],
            [Value(*value) for value in values],
            [SlotReference(*slot) for slot in slots],
        )
        for children, values, slots in rows
    ]


def list_stored_keys(value: Value, tensors: _Tensors) -> Iterator[tuple[str, str]]:
    """Gives the tensors that a value is stored as: (name of the value, tensor)."""
    if value.key in tensors:
        yield value.name, value.key
        return
    for ending in _ENDINGS:
        if value.key + ending in tensors:
            yield value.name + ending, value.key + ending
