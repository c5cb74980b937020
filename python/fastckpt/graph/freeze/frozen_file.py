"""A GraphDef in the wire format, written part by part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fastckpt.errors import UnsupportedError
from fastckpt.graph.files import MAX_MESSAGE_BYTES
from fastckpt.graph.freeze.constants import Constant, put_header

__all__ = ["FrozenFile"]

# How many of the largest variables a message lists.
_MAX_LISTED = 3

_NODE, _LIBRARY, _VERSIONS = 1, 2, 4  # the fields of a GraphDef


class FrozenFile:
    """A GraphDef in the wire format, with some nodes replaced by constants."""

    def __init__(self, graph: Any, constants: Mapping[str, Constant]) -> None:
        self._graph = graph
        self._constants = constants

    def check_size(self) -> int:
        """Gives the file's size.

        Raises:
            UnsupportedError: a message cannot be as large as that.
        """
        tail = sum(map(len, self._make_tail()))
        nbytes = tail + sum(self._count_node(node) for node in self._graph.node)
        if nbytes <= MAX_MESSAGE_BYTES:
            return nbytes
        sizes = {name: each.count_bytes() for name, each in self._constants.items()}
        largest = sorted(sizes, key=lambda name: -sizes[name])[:_MAX_LISTED]
        listed = ", ".join(f"{name!r} ({sizes[name]} bytes)" for name in largest)
        raise UnsupportedError(
            f"the frozen graph would have {nbytes} bytes; a protocol buffer has at "
            f"most {MAX_MESSAGE_BYTES}. The largest variables are {listed}: leave "
            "them as they are (blacklist), or keep graph and checkpoint apart"
        )

    def iterate_parts(self) -> Iterator[bytes | memoryview]:
        """Gives the file part by part."""
        for node in self._graph.node:
            constant = self._constants.get(node.name)
            if constant is None:
                yield _frame(_NODE, node)
            else:
                yield put_header(_NODE, constant.count_bytes())
                yield from constant.iterate_parts()
        yield from self._make_tail()

    def _count_node(self, node: Any) -> int:
        constant = self._constants.get(node.name)
        size = node.ByteSize() if constant is None else constant.count_bytes()
        return len(put_header(_NODE, size)) + int(size)

    def _make_tail(self) -> list[bytes]:
        tail = []
        for field, name in ((_LIBRARY, "library"), (_VERSIONS, "versions")):
            if self._graph.HasField(name):
                tail.append(_frame(field, getattr(self._graph, name)))
        return tail


def _frame(field: int, message: Any) -> bytes:
    content = message.SerializeToString(deterministic=True)
    return put_header(field, len(content)) + bytes(content)
