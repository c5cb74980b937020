"""Text on a terminal: fields and widths."""

from __future__ import annotations

import unicodedata

__all__ = ["display_width", "format_field"]

_LABEL_WIDTH = 12


def format_field(label: str, text: str) -> str:
    """Gives a line that says one thing under a heading."""
    return f"  {label:<{_LABEL_WIDTH}}{text}"


def display_width(text: str) -> int:
    """Counts the columns that a printable text takes on a terminal."""
    if text.isascii():
        return len(text)
    return sum(map(_character_width, text))


def _character_width(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
