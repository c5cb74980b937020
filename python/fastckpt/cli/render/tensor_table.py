"""Tensors as the rows of a table, a line each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fastckpt.base.text import escape, format_count, format_shape, format_size
from fastckpt.cli.render.describe import Info
from fastckpt.cli.render.table import Table
from fastckpt.formats.lazy_tensors import name_dtype

__all__ = ["make_tensor_table"]


def make_tensor_table(
    infos: Sequence[Info], with_place: bool, paths: Mapping[str, str] | None = None
) -> Table:
    """Gives the table; a last column says what is special, if any is.

    Args:
        infos: The tensors.
        with_place: Whether shard and offset have columns.
        paths: {name: what people call the tensor}; the names have a column of their
            own then, unless none has a path.
    """
    paths = paths or {}
    header = ["path" if paths else "name", "dtype", "shape", "size"]
    rows = [
        [
            escape(paths.get(info.name, info.name)),
            name_dtype(info),
            format_shape(info.shape),
            "-" if (nbytes := info.nbytes) is None else format_size(nbytes),
        ]
        for info in infos
    ]
    if with_place:
        header += ["shard", "offset"]
        for row, info in zip(rows, infos, strict=True):
            row += ["-" if n is None else str(n) for n in (info.shard, info.offset)]
    notes = list(map(_note, infos))
    if any(notes):
        header.append("note")
        for row, note in zip(rows, notes, strict=True):
            row.append(note)
    if paths:
        header.append("key")
        for row, info in zip(rows, infos, strict=True):
            row.append(escape(info.name) if info.name in paths else "")
    return header, rows, frozenset({"size", "shard", "offset"})


def _note(info: Info) -> str:
    if info.problem is not None:
        return "cannot be read"
    return format_count(len(info.slices), "slice") if info.slices else ""
