"""Sentences and commands on lines that fit, broken where nothing is torn.

What is to be copied stays whole: quoted names, paths that are known, the words of a
command. A command that needs several lines has a backslash at the end of each but the
last, so that all of them together are still the command.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from fastckpt.cli.render.text import display_width

__all__ = ["wrap_command", "wrap_line"]

# Inside a word that is not to be broken this stands for a blank.
_KEPT = "\0"
_QUOTED = re.compile(
    r"""(?<![^\s(\[=,])(?:'[^']*'|"[^"]*")|\x1b\[[0-9;]+m[^\x1b]{,24}\x1b\[m"""
)
_SHELL_WORD = re.compile(r"(?:\$'(?:\\.|[^'\\])*'|'[^']*'|\\.|[^\s'\\])+")
_COMMAND = re.compile(
    r"(.*: |\s*)((?:fastckpt|gunzip|bunzip2|unxz|unzstd|mkdir|python3|git|cp) .+)"
)
_LEAST_TEXT = 24
"""Columns that are left for words beside an indent, else the indent is smaller."""


def wrap_line(
    line: str, width: int | None, hanging: int = 2, whole: Iterable[str] = ()
) -> Iterator[str]:
    """Gives a line as lines of a terminal, a command at its end by itself.

    Args:
        line: What is said; blanks before it indent all of it.
        width: The terminal's columns; None: unlimited.
        hanging: By how much more all lines but the first are indented.
        whole: Texts in it that are not to be broken, such as paths.
    """
    if width is None or display_width(line) <= width:
        yield line
        return
    indent = len(line) - len(line.lstrip(" "))
    command = _COMMAND.fullmatch(line)
    if command is None:
        yield from _fill(line, indent, indent + hanging, width, whole)
        return
    if command[1].strip():
        told = command[1].rstrip()
        yield from _fill(told, indent, indent + hanging, width, whole)
        indent += hanging
    yield from wrap_command(command[2], width, indent)


def wrap_command(command: str, width: int, indent: int) -> Iterator[str]:
    """Gives a shell's command as lines that are still that command when copied."""
    words = _SHELL_WORD.findall(command)
    if display_width(command) + indent <= width or " ".join(words) != command:
        yield " " * indent + command
        return
    line = " " * indent + words[0]
    for i, word in enumerate(words[1:], 2):
        ending = 2 if i < len(words) else 0
        if display_width(line) + 1 + display_width(word) + ending <= width:
            line += f" {word}"
        else:
            yield f"{line} \\"
            line = " " * (indent + 4) + word
    yield line


def _fill(
    line: str, indent: int, rest: int, width: int, whole: Iterable[str]
) -> Iterator[str]:
    if width - rest < _LEAST_TEXT:
        rest = min(rest, 4)
    begin, is_empty = " " * indent, True
    filled = begin
    for word in _split(line[indent:], whole):
        if not is_empty and display_width(filled) + 1 + display_width(word) > width:
            yield filled.rstrip(" ")
            filled, is_empty = " " * rest, True
        filled += word if is_empty else f" {word}"
        is_empty = is_empty and not word
    yield filled.rstrip(" ")


def _split(text: str, whole: Iterable[str]) -> list[str]:
    for each in sorted(whole, key=len, reverse=True):
        if " " in each:
            text = text.replace(each, each.replace(" ", _KEPT))
    text = _QUOTED.sub(lambda match: match[0].replace(" ", _KEPT), text)
    return [word.replace(_KEPT, " ") for word in text.split(" ")]
