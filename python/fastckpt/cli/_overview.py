"""A whole checkpoint as ``show`` presents it when no tensor is named."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

from fastckpt import Checkpoint, TensorInfo
from fastckpt.cli._describe import describe_tensor, sum_tensors, summarize
from fastckpt.cli._files import CheckpointFiles
from fastckpt.cli._output import paint, print_json, print_lines, print_table
from fastckpt.cli._text import (
    escape,
    format_count,
    format_field,
    format_shape,
    format_size,
    make_printable,
)

__all__ = ["show_checkpoint"]

_MOST_LARGEST = 5


def show_checkpoint(checkpoint: Checkpoint, as_json: bool) -> None:
    """Writes what a checkpoint is made of; reads the index alone."""
    infos = checkpoint.infos()
    sound = [info for info in infos if info.problem is None]
    largest = sorted(sound, key=lambda info: -(info.nbytes or 0))[:_MOST_LARGEST]
    overview = {
        **summarize(checkpoint, infos),
        "io": checkpoint.io,
        "files": [_describe_file(path) for path in CheckpointFiles(checkpoint).paths],
        "dtypes": _sum_by_dtype(infos),
        "unreadable": len(infos) - len(sound),
        "largest": [describe_tensor(info) for info in largest],
    }
    if as_json:
        print_json(overview)
        return
    print_lines(_format_head(overview))
    print_lines([""])
    _print_files(overview["files"])
    print_lines([""])
    _print_dtypes(overview["dtypes"], overview["total"])
    print_lines([""])
    _print_largest(largest)


def _print_files(files: Sequence[dict[str, Any]]) -> None:
    rows = [
        [make_printable(os.path.basename(file["path"])), _format_size(file["nbytes"])]
        for file in files
    ]
    print_table(["file", "size"], rows, frozenset({"size"}))


def _print_dtypes(dtypes: dict[str, dict[str, int]], total: dict[str, int]) -> None:
    header = ["dtype", "tensors", "values", "size"]
    rows = [_make_dtype_row(dtype, part) for dtype, part in dtypes.items()]
    rows.append(_make_dtype_row("total", total))
    print_table(header, rows, frozenset(header[1:]))


def _print_largest(infos: Sequence[TensorInfo]) -> None:
    rows = [
        [escape(info.name), info.tf_dtype, format_shape(info.shape), _size_of(info)]
        for info in infos
    ]
    print_table(["largest", "dtype", "shape", "size"], rows, frozenset({"size"}))


def _describe_file(path: str) -> dict[str, Any]:
    try:
        return {"path": path, "nbytes": os.stat(path).st_size}
    except FileNotFoundError:
        return {"path": path, "nbytes": None}


def _sum_by_dtype(infos: Sequence[TensorInfo]) -> dict[str, dict[str, int]]:
    groups: dict[str, list[TensorInfo]] = {}
    for info in infos:
        groups.setdefault(info.tf_dtype, []).append(info)
    return {dtype: sum_tensors(group) for dtype, group in sorted(groups.items())}


def _format_head(overview: dict[str, Any]) -> Iterator[str]:
    yield paint(make_printable(overview["path"]), "bold")
    yield format_field("format", overview["format"])
    yield format_field("read by", overview["io"])
    if overview["unreadable"]:
        count = format_count(overview["unreadable"], "tensor")
        yield format_field("note", f"{count} cannot be read; 'ls' names them")


def _make_dtype_row(dtype: str, total: dict[str, int]) -> list[str]:
    counts = [f"{total['tensors']:,}", f"{total['values']:,}"]
    return [dtype, *counts, format_size(total["nbytes"])]


def _format_size(nbytes: int | None) -> str:
    return "missing" if nbytes is None else format_size(nbytes)


def _size_of(info: TensorInfo) -> str:
    return "-" if info.nbytes is None else format_size(info.nbytes)
