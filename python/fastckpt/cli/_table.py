"""Rows in aligned columns, whole names first, on any width."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fastckpt.cli._text import display_width

__all__ = ["format_table"]

_GAP = 2
_WIDEST_NAME = 120
_NARROWEST_NAME = 12
_INDENT = 4


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
    lines = [header, *rows]
    widths = [max(map(display_width, column)) for column in zip(*lines, strict=True)]
    rest = sum(widths[1:]) + _GAP * (len(widths) - 1)
    limit = _WIDEST_NAME
    if width is not None:
        limit = max(min(limit, width - rest), _NARROWEST_NAME)
        if rest + _NARROWEST_NAME > width:  # hopeless: details under an indent
            limit = 0
    indent = max(min(widths[0], limit), _INDENT - _GAP)
    justified = [title in right for title in header]
    for line in lines:
        details = _join_details(line, widths, justified)
        yield from _place(line[0], details, indent, width)


def _join_details(
    line: Sequence[str], widths: Sequence[int], right: Sequence[bool]
) -> str:
    cells = []
    for text, size, to_the_right in zip(line[1:], widths[1:], right[1:], strict=True):
        blanks = " " * (size - display_width(text))
        cells.append(blanks + text if to_the_right else text + blanks)
    return (" " * _GAP).join(cells).rstrip()


def _place(name: str, details: str, indent: int, width: int | None) -> Iterator[str]:
    columns = display_width(name)
    gap = " " * _GAP
    if columns <= indent:
        yield f"{name}{' ' * (indent - columns)}{gap}{details}".rstrip()
    elif width is None:
        yield f"{name}{gap}{details}".rstrip()
    else:
        yield name
        yield f"{' ' * indent}{gap}{details}".rstrip()
