"""Tensors in a tree of scopes, each with its size, as ``ls --tree`` presents them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fastckpt.base.scopes import Leaf, Row, arrange, find_separator
from fastckpt.base.text import escape, format_count, format_size, natural_order
from fastckpt.cli.render.describe import Info
from fastckpt.cli.render.table import Table
from fastckpt.cli.render.tensor_table import make_tensor_table

__all__ = ["TensorTree"]

# Deeper names are indented no further, so that a line stays a line.
_DEEPEST = 20
_ATTRIBUTES = ".ATTRIBUTES"


class TensorTree:
    """A checkpoint's tensors by scope.

    Args:
        infos: The tensors.
        paths: {key: the names its path is made of}, of those that have one; others,
            and all where there are none, are taken apart at ``/``, or at ``.`` where
            no name has a slash.
    """

    def __init__(
        self, infos: Sequence[Info], paths: Mapping[str, tuple[str, ...]] | None = None
    ) -> None:
        paths = paths or {}
        names = [info.name for info in infos if info.name not in paths]
        self._separator = "/" if paths else find_separator(names)
        leaves = [
            Leaf(paths.get(info.name) or self._split(info.name), info, info.nbytes or 0)
            for info in infos
        ]
        self._rows = list(arrange(leaves, natural_order))

    def describe(self) -> list[dict[str, Any]]:
        """Gives the scopes as plain values, each before what is in it."""
        return [
            {
                "scope": self._join(row.scope),
                "depth": row.depth,
                "tensors": row.things,
                "nbytes": row.size,
            }
            for row in self._rows
            if row.item is None
        ]

    def make_table(self) -> Table:
        """Gives the table: a line for each scope and each tensor."""
        infos = [row.item for row in self._rows if row.item is not None]
        header, cells, right = make_tensor_table(infos, with_place=False)
        tensors = iter(cells)
        rows = []
        for row in self._rows:
            label = self._label(row)
            if row.item is None:
                count = format_count(row.things, "tensor")
                size = format_size(row.size)
                rows.append([label, "", count, size, *[""] * (len(header) - 4)])
            else:
                rows.append([label, *next(tensors)[1:]])
        return header, rows, right

    def _label(self, row: Row[Info]) -> str:
        if not row.scope:
            return "all tensors"
        name = escape(self._separator.join(row.parts))
        ending = self._separator if row.item is None else ""
        return "  " * min(row.depth, _DEEPEST) + name + ending

    def _join(self, scope: Sequence[str]) -> str:
        return "".join(f"{name}{self._separator}" for name in scope)

    def _split(self, name: str) -> tuple[str, ...]:
        return tuple(_split(name, self._separator))


def _split(name: str, separator: str) -> Iterator[str]:
    """Takes a name apart; the end that all keys of an object graph have stays."""
    parts = name.split(separator)
    if _ATTRIBUTES in parts[1:]:
        at = parts.index(_ATTRIBUTES, 1) - 1
        yield from parts[:at]
        yield separator.join(parts[at:])
    else:
        yield from parts
