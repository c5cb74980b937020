"""HTML in small pieces: values in, text out, and no value can become markup."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence, Sized
from html import escape as _escape
from itertools import islice
from typing import Any

from fastckpt.base.text import escape, make_printable

__all__ = [
    "MOST_ROWS",
    "count_facts",
    "embed_json",
    "fold",
    "fold_names",
    "fold_table",
    "frame",
    "quote",
]

MOST_ROWS = 100
"""Rows of a table in a notebook's cell; what is left out is counted."""

_LONGEST = 400


def quote(text: str) -> str:
    """Gives a text as HTML: printable, encodable, and nothing but text."""
    return _escape(make_printable(text))


def embed_json(value: Any) -> str:
    """Gives a value as JSON that may stand in a script element: of ASCII, without "<".

    Raises:
        ValueError: It holds a number that JSON lacks.
    """
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c")


def frame(title: str, facts: Sequence[str], parts: Iterable[str]) -> str:
    """Gives what a notebook shows of a value: its title, facts, and parts that fold."""
    told = quote(", ".join(facts))
    return f"<div><b>{quote(_cut(title))}</b><br>{told}{''.join(parts)}</div>"


def count_facts(counted: Iterable[tuple[Sized, str]]) -> list[str]:
    """Gives how many there are of each, with its word; nothing of what is empty."""
    return [f"{len(things):,} {word}" for things, word in counted if things]


def fold(summary: str, body: str, is_open: bool = False) -> str:
    """Gives a part that folds, of a summary and HTML."""
    state = " open" if is_open else ""
    return f"<details{state}><summary>{quote(summary)}</summary>{body}</details>"


def fold_names(summary: str, names: Sequence[str]) -> str:
    """Gives names, the first of them, in a part that folds; nothing where none are."""
    if not names:
        return ""
    shown = "<br>".join(quote(escape(_cut(name))) for name in names[:MOST_ROWS])
    return fold(f"{len(names):,} {summary}", f"{shown}{_count_more(len(names))}")


def fold_table(
    summary: str,
    header: Sequence[str],
    rows: Iterable[Sequence[str]],
    count: int,
    is_open: bool = False,
) -> str:
    """Gives a table's first rows in a part that folds; nothing where there are none.

    Args:
        summary: What follows their number.
        header: The columns' names.
        rows: Of texts; no more of them are made than are shown.
        count: How many there are.
        is_open: Whether it is seen at once.
    """
    if not count:
        return ""
    lines = [_format_row("th", header)]
    lines += [_format_row("td", row) for row in islice(rows, MOST_ROWS)]
    table = f"<table>{''.join(lines)}</table>{_count_more(count)}"
    return fold(f"{count:,} {summary}", table, is_open)


def _count_more(count: int) -> str:
    more = count - MOST_ROWS
    return f"<p>and {more:,} more</p>" if more > 0 else ""


def _format_row(tag: str, row: Sequence[str]) -> str:
    cells = (f'<{tag} style="text-align:left">{quote(_cut(it))}</{tag}>' for it in row)
    return f"<tr>{''.join(cells)}</tr>"


def _cut(text: str) -> str:
    """Cuts what would fill a cell on its own."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
