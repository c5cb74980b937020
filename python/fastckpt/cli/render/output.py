"""Where output goes: lines, JSON, and a little colour where a terminal wants it."""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Iterable, Sequence
from os.path import dirname
from typing import Any, Literal, TextIO

from fastckpt.base.text import format_exact_size, make_printable
from fastckpt.cli.render.table import format_table
from fastckpt.cli.render.text import LABEL_WIDTH, format_field
from fastckpt.cli.render.wrap import wrap_line

__all__ = [
    "is_terminal",
    "keep_whole",
    "paint",
    "print_error",
    "print_fields",
    "print_json",
    "print_lines",
    "print_note",
    "print_sentences",
    "print_table",
    "print_text",
    "tell_of_page",
    "terminal_height",
    "terminal_width",
]

_STYLES = {"bold": "1", "dim": "2", "bad": "1;31", "good": "32"}
"""The SGR parameters (ECMA-48, 8.3.117) of each style."""


_typed: list[str] = []
"""What was typed and has a blank in it, which no line is broken at."""


def keep_whole(words: Iterable[str]) -> None:
    """Sees to it that what was typed, and what lies beside it, is never broken."""
    printable = [make_printable(it) for word in words for it in (word, dirname(word))]
    _typed[:] = [it for it in printable if " " in it.strip()]


def is_terminal(stream: TextIO | None) -> bool:
    """Tells whether a person looks at what is written to a stream."""
    return stream is not None and stream.isatty()


def terminal_width(stream: TextIO | None = None) -> int | None:
    """Gives the columns of the terminal that a stream (standard output) writes to.

    None: its lines have no limit.
    """
    return _measure(stream or sys.stdout, "columns")


def terminal_height() -> int | None:
    """Gives the lines of the terminal, or None where standard output is none."""
    return _measure(sys.stdout, "lines")


def _measure(stream: TextIO, side: Literal["columns", "lines"]) -> int | None:
    """Gives one side of a terminal, as its user set it or as the system knows it."""
    if not is_terminal(stream):
        return None
    try:
        wanted = int(os.environ.get(side.upper(), "0"))
        if wanted > 0:
            return wanted
        return getattr(os.get_terminal_size(stream.fileno()), side) or None
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


def print_text(text: str, hanging: int = 0, whole: Iterable[str] = ()) -> None:
    """Writes a sentence to standard output, broken between words on a terminal.

    Args:
        text: What is said.
        hanging: By how much all lines but the first are indented.
        whole: Texts in it that are not to be broken, such as paths.
    """
    print_lines(wrap_line(text, terminal_width(), hanging, [*whole, *_typed]))


def print_sentences(lines: Iterable[str], whole: Iterable[str] = ()) -> None:
    """Writes lines to standard output, each broken between words on a terminal."""
    width, kept = terminal_width(), [*whole, *_typed]
    for line in lines:
        print_lines(wrap_line(line, width, 2, kept))


def print_fields(fields: Iterable[tuple[str, str]], whole: Iterable[str] = ()) -> None:
    """Writes labels and what they say to standard output."""
    width, kept = terminal_width(), [*whole, *_typed]
    for label, text in fields:
        print_lines(wrap_line(format_field(label, text), width, LABEL_WIDTH, kept))


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
    """Writes a note for the user to standard error; in a pipe it is one line."""
    _print_aside(make_printable(text))


def print_error(text: str) -> None:
    """Writes why the command could not do its work to standard error."""
    label = paint("error:", "bad", sys.stderr)
    _print_aside(f"{label} {make_printable(text)}")


def _print_aside(text: str) -> None:
    if sys.stderr is None:
        return
    width = terminal_width(sys.stderr)
    for line in wrap_line(f"fastckpt: {text}", width, whole=_typed):
        print(line, file=sys.stderr)


def tell_of_page(path: str) -> None:
    """Says that a page was written, and how large it is."""
    size = format_exact_size(os.stat(path).st_size)
    printable = make_printable(path)
    print_text(f"wrote {printable}: {size}", whole=[printable])
