"""How a node names the tensors and nodes it reads, and names for those who mistyped."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from fastckpt.base.names import closest

__all__ = ["Source", "find_close", "parse_input", "parse_tensor_name"]


_INDEX = re.compile(r"[0-9]{1,9}")


class Source(NamedTuple):
    """Where an input comes from.

    Attributes:
        node: The node's name; in a function perhaps an argument's.
        output: The name of the node's output; only in functions, "" elsewhere.
        number: Which of the node's outputs, or of those of that name.
        is_control: True for an edge that only orders, ``^node``.
    """

    node: str
    output: str
    number: int
    is_control: bool


def parse_input(text: str) -> Source:
    """Takes apart ``node``, ``node:1``, ``^node`` or, in functions, ``node:out:1``."""
    if text.startswith("^"):
        return Source(text[1:], "", 0, True)
    node, *rest = text.split(":")
    index = int(rest[-1]) if rest and _INDEX.fullmatch(rest[-1]) else 0
    return Source(node, rest[0] if len(rest) > 1 else "", index, False)


def parse_tensor_name(name: str) -> tuple[str, int]:
    """Takes apart ``node:0``, the name of a tensor.

    Raises:
        ValueError: there is no index, so the name is an operation's.
    """
    node, colon, index = name.rpartition(":")
    if not colon or not _INDEX.fullmatch(index):
        raise ValueError(
            f"{name!r} names an operation, not a tensor: "
            f"a tensor's name ends in its index, as in {name + ':0'!r}"
        )
    return node, int(index)


def find_close(name: object, names: Iterable[str]) -> str:
    """Gives the names closest to one that is not there, as the end of a message."""
    close = closest(name, sorted(names)) if isinstance(name, str) else []
    return f"; did you mean {' or '.join(map(repr, close))}?" if close else ""
