"""One tensor as ``show`` presents it, as text and as plain values."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from numpy.typing import NDArray

from fastckpt import (
    CheckpointError,
    Statistics,
    TensorPiece,
    statistics,
)
from fastckpt.base.cached import cached_property
from fastckpt.base.text import (
    escape,
    format_count,
    format_exact_size,
    format_shape,
    make_printable,
)
from fastckpt.checking.numbers import is_numeric
from fastckpt.checking.statistics import statistics_of
from fastckpt.cli.errors import explain_error
from fastckpt.cli.region import Region, format_region
from fastckpt.cli.render.describe import Info, describe_tensor
from fastckpt.cli.render.output import paint, terminal_width
from fastckpt.cli.render.statistics import describe_values
from fastckpt.cli.render.text import LABEL_WIDTH, format_field
from fastckpt.cli.render.values import format_values, list_values
from fastckpt.cli.render.wrap import wrap_line
from fastckpt.formats.files import FileOfOther
from fastckpt.formats.lazy_tensors import ArrayInfo, name_dtype
from fastckpt.formats.opened import Source
from fastckpt.pages.tensor_page import TensorPart
from fastckpt.reading.stored_files import CheckpointFiles

__all__ = ["ShownTensor"]

_MOST_PIECES = 16
"""Pieces of one tensor that a terminal gets to see; a pipe gets them all."""


class ShownTensor:
    """What there is to see of one tensor, or of a region of it.

    Attributes:
        title: Its name, escaped.
        array: Its values, or None where they cannot be shown.
        error: Why they cannot be shown, or None.
    """

    def __init__(
        self,
        checkpoint: Source,
        files: CheckpointFiles | FileOfOther,
        name: str,
        region: Region | None,
        is_whole: bool = False,
        path: str | None = None,
    ) -> None:
        self._checkpoint = checkpoint
        self._info = checkpoint.info(name)
        self.title = escape(name)
        self._region, self._is_whole, self._path = region, is_whole, path
        self._pieces: list[TensorPiece] = []
        self.array: NDArray[Any] | None = None
        self.error: str | None = None
        try:
            self._pieces = _find_pieces(files, self._info)
            self.array = (
                checkpoint[name] if region is None else checkpoint.read(name, region)
            )
        except (CheckpointError, FileNotFoundError) as error:
            self.error, _ = explain_error(error)

    def describe(self) -> dict[str, Any]:
        """Gives it as plain values."""
        shown = {**describe_tensor(self._info), "path": self._path}
        shown["pieces"] = [_describe_piece(piece) for piece in self._pieces]
        if self._region is not None:
            shown["region"] = format_region(self._region)
        if self.error is not None or self.array is None:
            return {**shown, "error": self.error}
        return {
            **shown,
            "statistics": self.statistics,
            "values": list_values(self.array, self._is_whole),
        }

    @cached_property
    def statistics(self) -> dict[str, Any]:
        """What ``describe_values`` says of the values, if there are any to see."""
        return {} if self.array is None else describe_values(self.array, self.measured)

    @cached_property
    def measured(self) -> Statistics | None:
        """The statistics of the values, if they are numbers."""
        if self.array is None or not is_numeric(self.array.dtype):
            return None
        if self._region is None and self._info.is_view:
            name = self._info.name
            return statistics(self._checkpoint, {name: name})[name]
        return statistics_of(self.array)

    def part(self) -> TensorPart:
        """Gives what a page says of it."""
        found, values = self.measured, self.array
        is_drawn = found is not None and values is not None and values.dtype.kind != "b"
        return TensorPart(
            self.title,
            list(self.facts()),
            self.error,
            found.histogram if found is not None and is_drawn else None,
            None if values is None else self.format_values(),
        )

    def format(self) -> Iterator[str]:
        """Gives it as lines of text."""
        width = terminal_width()
        yield paint(self.title, "bold")
        is_cut = width is not None and not self._is_whole
        for label, text in self.facts(_MOST_PIECES if is_cut else None):
            yield from wrap_line(format_field(label, text), width, LABEL_WIDTH)
        if self.array is not None:
            yield from self.format_values(width).split("\n")

    def format_values(self, width: int | None = None) -> str:
        """Gives the values as text, for a terminal of that width."""
        return (
            ""
            if self.array is None
            else format_values(self.array, width, self._is_whole)
        )

    def facts(self, most_pieces: int | None = None) -> Iterator[tuple[str, str]]:
        """Gives labels and what they say, of no more pieces than that."""
        yield from self._stored_facts()
        if self.array is not None:
            if self._region is not None:
                shape = format_shape(self.array.shape)
                yield "region", f"[{format_region(self._region)}], shape {shape}"
            for label, value in self.statistics.items():
                yield label, _format_statistic(value)
        # Of these there may be many.
        yield from self._piece_facts(most_pieces)

    def _stored_facts(self) -> Iterator[tuple[str, str]]:
        info = self._info
        if self._path is not None and self._path != info.name:
            yield "path", escape(self._path)
        yield "dtype", self._format_dtype()
        yield "shape", format_shape(info.shape)
        if info.nbytes is not None:
            yield "size", format_exact_size(info.nbytes)
        if info.crc32c is not None and not info.slices:
            yield "crc32c", f"{info.crc32c:#010x}"

    def _format_dtype(self) -> str:
        info = self._info
        name = name_dtype(info)
        if info.dtype is None or str(info.dtype) in (name, "object"):
            return name
        return f"{name} ({info.dtype} in NumPy)"

    def _piece_facts(self, most: int | None) -> Iterator[tuple[str, str]]:
        for piece in self._pieces[:most]:
            yield "stored in", self._format_piece(piece)
        left_out = 0 if most is None else len(self._pieces) - most
        if left_out > 0:
            more = format_count(left_out, "more piece")
            yield "", f"and {more}; --all lists them"

    def _format_piece(self, piece: TensorPiece) -> str:
        text = make_printable(os.path.basename(piece.file))
        if piece.offset is not None and piece.nbytes is not None:
            end = piece.offset + piece.nbytes
            text += f", bytes {piece.offset:,} to {end:,}"
        if self._info.slices:
            ends = zip(piece.begin, piece.extent, strict=True)
            region = ",".join(f"{begin}:{begin + count}" for begin, count in ends)
            text += f", holds [{region}]"
        return text


def _find_pieces(files: CheckpointFiles | FileOfOther, info: Info) -> list[TensorPiece]:
    """Gives where a tensor lies; of other formats it is not told."""
    if isinstance(files, FileOfOther) or isinstance(info, ArrayInfo):
        return []
    return files.find_pieces(info)


def _describe_piece(piece: TensorPiece) -> dict[str, Any]:
    return {
        "file": piece.file,
        "offset": piece.offset,
        "nbytes": piece.nbytes,
        "begin": list(piece.begin),
        "extent": list(piece.extent),
    }


def _format_statistic(value: float | complex | None) -> str:
    if value is None:
        return "-"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.6g}"
