"""Rows in aligned columns, whole names first, on any width."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import repeat

from fastckpt.cli.render.text import display_width

__all__ = ["Table", "format_table"]

Table = tuple[list[str], list[list[str]], frozenset[str]]
"""A header, rows, and which columns are numbers."""

_GAP = 2
_WIDEST_NAME = 120
_NARROWEST_NAME = 12


def format_table(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    right: frozenset[str] = frozenset(),
    width: int | None = None,
) -> Iterator[str]:
    """Aligns rows under a header. The first column is the name and is never cut.

    A name too long for its column pushes the rest of its row: along the line where the
    width is unlimited (one row stays one line), else onto the next line.

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
    limit = _limit_name(sizes, width)
    padded = [
        _pad(column, column_sizes, to_the_right=column[0] in right)
        for column, column_sizes in zip(columns[1:], sizes[1:], strict=True)
    ]
    gap = " " * _GAP
    far = " " * max(limit, _GAP)
    details = map(gap.join, zip(*padded, strict=True))
    for name, size, cells in zip(columns[0], sizes[0], details, strict=True):
        if size <= limit:
            yield f"{name}{' ' * (limit - size)}{gap}{cells}".rstrip()
        elif width is None:
            yield f"{name}{gap}{cells}".rstrip()
        else:
            yield name
            yield f"{far}{gap}{cells}".rstrip()


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
    if all(map(str.isascii, cells)):
        return list(
            map(str.rjust if to_the_right else str.ljust, cells, repeat(widest))
        )
    pairs = zip(cells, sizes, strict=True)
    if to_the_right:
        return [" " * (widest - size) + cell for cell, size in pairs]
    return [cell + " " * (widest - size) for cell, size in pairs]
