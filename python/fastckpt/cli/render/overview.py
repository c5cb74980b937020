"""A whole checkpoint as ``show`` presents it when no tensor is named."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

from fastckpt.base.text import format_count, format_size, make_printable
from fastckpt.cli.render.describe import (
    Info,
    describe_tensor,
    sum_tensors,
    summarize,
)
from fastckpt.cli.render.output import paint, print_fields, print_lines, print_table
from fastckpt.cli.render.table import Table
from fastckpt.cli.render.tensor_table import make_tensor_table
from fastckpt.formats.files import files_of
from fastckpt.formats.lazy_tensors import name_dtype
from fastckpt.formats.opened import Source
from fastckpt.reading.checkpoint import Checkpoint

__all__ = ["Overview"]

_MOST_LARGEST = 5


class Overview:
    """What a checkpoint is made of, from its index alone."""

    def __init__(self, checkpoint: Source) -> None:
        self.infos = checkpoint.infos()
        sound = [info for info in self.infos if info.problem is None]
        by_size = sorted(sound, key=lambda info: -(info.nbytes or 0))
        self._largest = by_size[:_MOST_LARGEST]
        self._unreadable = len(self.infos) - len(sound)
        self._summary = summarize(checkpoint, self.infos)
        self._io = checkpoint.io
        paths = files_of(checkpoint).paths
        self._files = [_describe_file(path, checkpoint) for path in paths]
        self._dtypes = _sum_by_dtype(self.infos)

    @property
    def title(self) -> str:
        """The checkpoint's path, printable."""
        return make_printable(self._summary["path"])

    def describe(self) -> dict[str, Any]:
        """Gives it as plain values."""
        return {
            **self._summary,
            "io": self._io,
            "files": self._files,
            "dtypes": self._dtypes,
            "unreadable": self._unreadable,
            "largest": list(map(describe_tensor, self._largest)),
        }

    def print(self) -> None:
        """Writes it to standard output."""
        print_lines([paint(self.title, "bold")])
        print_fields(self.facts())
        for table in (self.file_table, self.dtype_table, self._largest_table):
            print_lines([""])
            print_table(*table())

    def facts(self) -> Iterator[tuple[str, str]]:
        """Gives labels and what they say."""
        yield "format", self._summary["format"]
        yield "read by", self._io
        if self._unreadable:
            count = format_count(self._unreadable, "tensor")
            yield "note", f"{count} cannot be read; 'ls' names them"

    def file_table(self) -> Table:
        """Gives the files, those that are missing included."""
        rows = [
            [
                make_printable(os.path.basename(file["path"])),
                _format_size(file["nbytes"]),
            ]
            for file in self._files
        ]
        return ["file", "size"], rows, frozenset({"size"})

    def dtype_table(self) -> Table:
        """Gives how much there is of each dtype, and the total."""
        header = ["dtype", "tensors", "values", "size"]
        rows = [_make_dtype_row(dtype, part) for dtype, part in self._dtypes.items()]
        rows.append(_make_dtype_row("total", self._summary["total"]))
        return header, rows, frozenset(header[1:])

    def _largest_table(self) -> Table:
        _, rows, right = make_tensor_table(self._largest, with_place=False)
        return ["largest", "dtype", "shape", "size"], [row[:4] for row in rows], right


def _describe_file(path: str, source: Source) -> dict[str, Any]:
    if isinstance(source, Checkpoint) and source._remote is not None:
        return {"path": path, "nbytes": source._remote.size_of(path) or None}
    try:
        return {"path": path, "nbytes": os.stat(path).st_size}
    except FileNotFoundError:
        return {"path": path, "nbytes": None}


def _sum_by_dtype(infos: Sequence[Info]) -> dict[str, dict[str, int]]:
    groups: dict[str, list[Info]] = {}
    for info in infos:
        groups.setdefault(name_dtype(info), []).append(info)
    return {dtype: sum_tensors(group) for dtype, group in sorted(groups.items())}


def _make_dtype_row(dtype: str, total: dict[str, int]) -> list[str]:
    counts = [f"{total['tensors']:,}", f"{total['values']:,}"]
    return [dtype, *counts, format_size(total["nbytes"])]


def _format_size(nbytes: int | None) -> str:
    return "missing" if nbytes is None else format_size(nbytes)
