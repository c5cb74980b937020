"""Text for people: names made safe to print and in the order people count, sizes."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

__all__ = [
    "escape",
    "format_count",
    "format_exact_size",
    "format_shape",
    "format_size",
    "make_printable",
    "natural_order",
    "shorten",
    "unescape",
]

_UNITS = ("KiB", "MiB", "GiB", "TiB", "PiB", "EiB")
_SHORT_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_LONG_ESCAPES = {text: character for character, text in _SHORT_ESCAPES.items()}
_LONG_ESCAPES["\\\\"] = "\\"
_ESCAPED = re.compile(r"\\(?:\\|n|r|t|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})")


def escape(name: str) -> str:
    r"""Escapes what must not reach a terminal: control characters, bytes that are no
    UTF-8 (``\xff``), invisible and direction marks, and the backslash itself.
    """
    if name.isprintable() and "\\" not in name:
        return name
    return make_printable(name.replace("\\", "\\\\"))


def make_printable(text: str) -> str:
    """Escapes what must not reach a terminal in a text that is no name."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else _escape_character(character)
        for character in text
    )


def _escape_character(character: str) -> str:
    if character in _SHORT_ESCAPES:
        return _SHORT_ESCAPES[character]
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # surrogateescape: a byte that was no UTF-8
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def unescape(text: str) -> str:
    """Gives the name that ``escape`` turned into a text."""
    return _ESCAPED.sub(lambda match: _unescape_character(match.group()), text)


def _unescape_character(text: str) -> str:
    if text in _LONG_ESCAPES:
        return _LONG_ESCAPES[text]
    code = int(text[2:], 16)
    if text[1] == "x" and code >= 0x80:
        code += 0xDC00
    return chr(code) if code <= 0x10FFFF else text


def shorten(text: str, limit: int = 100) -> str:
    """Cuts the middle out of a text that is longer than the limit."""
    if len(text) <= limit:
        return text
    head = (limit - 3) // 2
    return f"{text[:head]}...{text[head + 3 - limit :]}"


@lru_cache
def format_size(nbytes: int) -> str:
    """Gives a size with three digits or so: ``512 B``, ``1.5 MiB``."""
    if nbytes < 1024:
        return f"{nbytes} B"
    size = float(nbytes)
    for unit in _UNITS:
        size /= 1024
        if size < 999.95 or unit == _UNITS[-1]:
            break
    return f"{size:.1f} {unit}"


def format_exact_size(nbytes: int) -> str:
    """Gives a size to the byte, and beside it what it amounts to."""
    exact = format_count(nbytes, "byte")
    return exact if nbytes < 1024 else f"{format_size(nbytes)} ({exact})"


def format_count(count: int, noun: str, plural: str = "") -> str:
    """Gives a count with its noun: ``1 tensor``, ``1,204 tensors``."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


@lru_cache
def format_shape(shape: tuple[int, ...]) -> str:
    """Gives a shape as NumPy prints it: ``()``, ``(3,)``, ``(3, 4)``."""
    return str(shape)


def natural_order(name: str) -> tuple[list[Any], bytes]:
    """Gives what sorts names as people count: layer_2 is before layer_10.

    Beside numbers it is the order of bytes, in which JSON lists names, too.
    """
    encoded = name.encode("utf-8", "surrogateescape")
    parts: list[Any] = re.split(rb"([0-9]+)", encoded)
    for i in range(1, len(parts), 2):
        digits = parts[i].lstrip(b"0")
        parts[i] = (len(digits), digits)
    return parts, encoded
