"""Rows in aligned columns, whole names first, on any width."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fastckpt.cli.render.text import display_width
from fastckpt.cli.render.wrap import wrap_line

__all__ = ["Table", "format_table"]

Table = tuple[list[str], list[list[str]], frozenset[str]]
"""A header, rows, and which columns are numbers."""

_GAP = 2
_WIDEST_NAME = 120
_NARROWEST_NAME = 12
_INDENT = 2 * _GAP


def format_table(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    right: frozenset[str] = frozenset(),
    width: int | None = None,
) -> Iterator[str]:
    """Aligns rows under a header. The first column is the name; no text is ever cut.

    A name too long for its column pushes the rest of its row: along the line where the
    width is unlimited (one row stays one line), else onto the next line. A last column
    of long texts goes onto a line of its own where it does not fit; and where not even
    the others fit on one line, each has its title beside it.

    Args:
        header: The columns' titles.
        rows: As many texts each, printable.
        right: The titles of the columns that are aligned to the right.
        width: The terminal's columns; None: unlimited.

    Returns:
        The lines, the header's first, without trailing blanks.
    """
    columns = list(zip(header, *rows, strict=True))
    sizes = [_measure(column) for column in columns]
    last: Sequence[str] = [""] * (len(rows) + 1)
    if width is not None and not _fits(sizes, width):
        is_long = 2 * max(sizes[-1]) > width
        if len(header) > 2 and header[-1] not in right and is_long:
            last = columns.pop()
            sizes.pop()
        if not _fits(sizes, width):
            yield from _format_cards(header, rows, width)
            return
    yield from _format_rows(columns, sizes, right, width, last)


def _fits(sizes: Sequence[Sequence[int]], width: int) -> bool:
    """Tells whether what stands beside a name fits on a line below it."""
    return sum(map(max, sizes[1:])) + _GAP * (len(sizes) - 2) + _INDENT <= width


def _format_rows(
    columns: Sequence[Sequence[str]],
    sizes: Sequence[Sequence[int]],
    right: frozenset[str],
    width: int | None,
    last: Sequence[str],
) -> Iterator[str]:
    limit = _limit_name(sizes, width)
    padded = [
        _pad(column, column_sizes, to_the_right=column[0] in right)
        for column, column_sizes in zip(columns[1:], sizes[1:], strict=True)
    ]
    gap = " " * _GAP
    far = " " * max(limit, _GAP)
    details = map(gap.join, zip(*padded, strict=True))
    for name, size, cells, end in zip(columns[0], sizes[0], details, last, strict=True):
        if size <= limit:
            line = f"{name}{' ' * (limit - size)}{gap}{cells}"
        elif width is None:
            line = f"{name}{gap}{cells}"
        else:
            yield name
            line = f"{far}{gap}{cells}"
        if end and display_width(f"{line}{gap}{end}") > (width or 0):
            yield line.rstrip()
            yield f"{' ' * _INDENT}{end}"
        else:
            yield f"{line}{gap}{end}".rstrip()


def _format_cards(
    header: Sequence[str], rows: Sequence[Sequence[str]], width: int
) -> Iterator[str]:
    """Gives the texts of each row beside their titles, as many on a line as fit."""
    yield header[0]
    for name, *cells in rows:
        yield name
        pairs = [it for it in zip(header[1:], cells, strict=True) if it[1]]
        told = [" ".join(pair) for pair in pairs]
        left = width - _INDENT
        kept = [
            text if display_width(text) <= left else cell
            for text, (_, cell) in zip(told, pairs, strict=True)
        ]
        yield from wrap_line(" " * _INDENT + (" " * _GAP).join(told), width, 0, kept)


def _limit_name(sizes: Sequence[Sequence[int]], width: int | None) -> int:
    """Gives the widest name that has its details beside it; -1: none has."""
    limit = min(max(sizes[0]), _WIDEST_NAME)
    if width is None:
        return limit
    left = width - sum(map(max, sizes[1:])) - _GAP * (len(sizes) - 1)
    return min(limit, left) if left >= _NARROWEST_NAME else -1


def _measure(cells: Sequence[str]) -> list[int]:
    """Counts the columns that each text takes on a terminal."""
    count = len if all(map(str.isascii, cells)) else display_width
    return list(map(count, cells))


def _pad(cells: Sequence[str], sizes: Sequence[int], to_the_right: bool) -> list[str]:
    widest = max(sizes)
    pairs = zip(cells, sizes, strict=True)
    if to_the_right:
        return [" " * (widest - size) + cell for cell, size in pairs]
    return [cell + " " * (widest - size) for cell, size in pairs]
