"""Where output goes: lines, JSON, and a little colour where a terminal wants it."""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Iterable, Sequence
from typing import Any, TextIO

from fastckpt.base.deferred import importing
from fastckpt.base.text import format_exact_size, make_printable
from fastckpt.cli.render.table import format_table

__all__ = [
    "is_terminal",
    "paint",
    "print_error",
    "print_json",
    "print_lines",
    "print_note",
    "print_table",
    "print_text",
    "tell_of_page",
    "terminal_width",
]

_STYLES = {"bold": "1", "dim": "2", "bad": "1;31", "good": "32"}
"""The SGR parameters (ECMA-48, 8.3.117) of each style."""


def is_terminal(stream: TextIO | None) -> bool:
    """Tells whether a person looks at what is written to a stream."""
    return stream is not None and stream.isatty()


def terminal_width() -> int | None:
    """Gives the columns of the terminal, or None where lines have no limit."""
    if not is_terminal(sys.stdout):
        return None
    try:
        columns = int(os.environ.get("COLUMNS", "0"))
        return columns if columns > 0 else os.get_terminal_size(1).columns or None
    except (ValueError, OSError):
        return None


def paint(text: str, style: str, stream: TextIO | None = None) -> str:
    """Colours a text, where the stream (standard output) is a terminal that may."""
    stream = stream or sys.stdout
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM", "dumb") == "dumb"
    if plain or not is_terminal(stream):
        return text
    return f"\x1b[{_STYLES[style]}m{text}\x1b[m"


def print_lines(lines: Iterable[str]) -> None:
    """Writes lines to standard output."""
    if sys.stdout is not None:
        sys.stdout.writelines(f"{line}\n" for line in lines)


def print_text(text: str) -> None:
    """Writes a sentence to standard output, broken between words on a terminal."""
    width = terminal_width()
    if width is None or len(text) <= width:
        print_lines([text])
        return
    with importing:
        from textwrap import wrap

    print_lines(wrap(text, width, break_long_words=False, break_on_hyphens=False))


def print_table(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    right: frozenset[str] = frozenset(),
) -> None:
    """Writes rows in columns that fit the terminal, under a header."""
    lines = format_table(header, rows, right, terminal_width())
    print_lines([paint(next(lines), "bold")])
    print_lines(lines)


def print_json(value: Any) -> None:
    """Writes one JSON document; what JSON lacks (NaN, infinities) becomes strings.

    A complex number is a list of its two parts.
    """
    indent = 2 if is_terminal(sys.stdout) else None
    try:
        text = json.dumps(value, indent=indent, allow_nan=False, default=_split_complex)
    except ValueError:
        text = json.dumps(_name_non_finite(value), indent=indent)
    print_lines([text])


def _split_complex(value: Any) -> list[float]:
    return [value.real, value.imag]


def _name_non_finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _name_non_finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_name_non_finite(inner) for inner in value]
    if isinstance(value, complex):
        return _name_non_finite(_split_complex(value))
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def print_note(text: str) -> None:
    """Writes one line for the user to standard error."""
    if sys.stderr is not None:
        print(f"fastckpt: {make_printable(text)}", file=sys.stderr)


def print_error(text: str) -> None:
    """Writes why the command could not do its work to standard error."""
    if sys.stderr is not None:
        label = paint("error:", "bad", sys.stderr)
        print(f"fastckpt: {label} {make_printable(text)}", file=sys.stderr)


def tell_of_page(path: str) -> None:
    """Says that a page was written, and how large it is."""
    size = format_exact_size(os.stat(path).st_size)
    print_text(f"wrote {make_printable(path)}: {size}")
