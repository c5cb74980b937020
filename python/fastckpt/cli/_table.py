"""Rows in aligned columns, whole names first, on any width."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fastckpt.cli._text import display_width

__all__ = ["format_table"]

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
    widths = [max(map(display_width, column)) for column in columns]
    rest = sum(widths[1:]) + _GAP * (len(widths) - 1)
    limit = min(widths[0], _WIDEST_NAME)
    if width is not None:
        limit = min(limit, max(width - rest, _NARROWEST_NAME))
        if rest + _NARROWEST_NAME > width:  # hopeless: all details under an indent
            limit = -1
    padded = [
        _pad(column, size, to_the_right=column[0] in right)
        for column, size in zip(columns[1:], widths[1:], strict=True)
    ]
    details = map((" " * _GAP).join, zip(*padded, strict=True))
    for name, rest_of_row in zip(columns[0], details, strict=True):
        yield from _place(name, rest_of_row.rstrip(), limit, width)


def _pad(cells: Sequence[str], size: int, to_the_right: bool) -> list[str]:
    blanks = [" " * (size - display_width(cell)) for cell in cells]
    if to_the_right:
        return [blank + cell for blank, cell in zip(blanks, cells, strict=True)]
    return [cell + blank for blank, cell in zip(blanks, cells, strict=True)]


def _place(
    name: str, details: str, limit: int, width: int | None
) -> tuple[str] | tuple[str, str]:
    """Gives the one or two lines of a row."""
    columns = display_width(name)
    gap = " " * _GAP
    if columns <= limit:
        return (f"{name}{' ' * (limit - columns)}{gap}{details}",)
    if width is None:
        return (f"{name}{gap}{details}",)
    return name, f"{' ' * max(limit, _GAP)}{gap}{details}"
