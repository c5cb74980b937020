"""Text on a terminal: fields and widths."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["LABEL_WIDTH", "display_width", "format_field"]

LABEL_WIDTH = 12
"""Columns of what stands before the text of a field."""

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def format_field(label: str, text: str) -> str:
    """Gives a line that says one thing under a heading."""
    return f"  {label:<{LABEL_WIDTH}}{text}"


def display_width(text: str) -> int:
    """Counts the columns that a text takes on a terminal; colours take none."""
    if "\x1b" in text:
        text = _COLOURS.sub("", text)
    if text.isascii():
        return len(text)
    return sum(map(_character_width, text))


def _character_width(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
