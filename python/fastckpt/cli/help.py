"""What ``--help`` prints, on lines that fit the terminal."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from fastckpt.cli.render.output import terminal_width
from fastckpt.cli.render.wrap import wrap_line

__all__ = ["HelpFormatter"]


class HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Prints texts as they are written, and paragraphs anew where they are too wide.

    Lines that are indented, such as lists, stay lines.
    """

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        columns = terminal_width()
        if columns is None:
            return super()._fill_text(text, width, indent)
        lines = text.rstrip().split("\n")
        if all(len(line) <= columns for line in lines):
            return super()._fill_text(text, width, indent)
        return "\n".join(
            part
            for line in _join(lines)
            for part in wrap_line(line, columns, 4 if line.startswith(" ") else 0)
        )


def _join(lines: list[str]) -> Iterator[str]:
    """Gives paragraphs as one line each."""
    paragraph: list[str] = []
    for line in [*lines, ""]:
        if line and not line.startswith(" "):
            paragraph.append(line)
            continue
        if paragraph:
            yield " ".join(paragraph)
            paragraph = []
        yield line
