"""The text form of a flat protocol buffer message: parse and format.

Only the state file is written this way, so the fields are strings and doubles.
What protobuf's own parser takes is taken here: comments, ``,`` and ``;`` between
fields, both quotes, adjacent strings, ``[a, b]`` lists. Unknown fields, messages
and extensions among them, are skipped. Strings are bytes of UTF-8 to the format and
``str`` with ``surrogateescape`` here, so that every file name goes both ways.

Source: google/protobuf/text_format.py, text_encoding.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

__all__ = ["Field", "TextFormatError", "Value", "format_fields", "parse_fields"]

Value = str | float | list[str] | list[float]


class Field(NamedTuple):
    """What a known field holds: its kind, and whether it may repeat."""

    kind: type[str] | type[float]
    repeated: bool = False


class TextFormatError(ValueError):
    """The text breaks the format; the message says at which line and column."""


# Deeper messages than this are refused, so that none can exhaust the stack.
_MAX_DEPTH = 100

# The last alternative matches whatever the others leave, so the whole never fails
# and never tries a second way through the blanks.
_TOKEN = re.compile(
    r"""(?:\s+|\#.*)*(?:
      (?P<name>[a-zA-Z_][0-9a-zA-Z_+-]*)
    | (?P<number>(?:[0-9+-]|\.[0-9])[0-9a-zA-Z_.+-]*)
    | (?P<string>"[^"\n\\]*(?:\\.[^"\n\\]*)*"|'[^'\n\\]*(?:\\.[^'\n\\]*)*')
    | (?P<sign>.?))""",
    re.VERBOSE,
)
_LETTER = re.compile(r"[^\d\W]")
# An extension's name or a type's address, each of their words written as an "a".
_EXTENSION = re.compile(r"(?:a\.a\.a/)?a(?:\.a)*")
_OCTAL = re.compile(r"-?0[0-9]+")
_INFINITY = re.compile(r"-?inf(?:inity)?f?$", re.IGNORECASE)
_NAN = re.compile(r"nanf?$", re.IGNORECASE)
_ESCAPE = re.compile(
    rb"\\(?:(?P<octal>[0-7]{1,3})|x(?P<byte>[0-9a-fA-F]{1,2})"
    rb"|u(?P<short>[0-9a-fA-F]{4})|U(?P<long>[0-9a-fA-F]{8})|(?P<sign>.))",
    re.DOTALL,
)
_SIGNS = dict(zip(b"abfnrtv?'\"\\", b"\a\b\f\n\r\t\v?'\"\\", strict=True))


def parse_fields(text: str, fields: Mapping[str, Field]) -> dict[str, Value]:
    """Gives the known fields that a text sets.

    Args:
        text: The whole text, UTF-8 decoded with ``surrogateescape``.
        fields: The known fields by name.

    Returns:
        The value of each field that is set; a list for a repeated one. Of several
        values for a field that does not repeat the last counts.

    Raises:
        TextFormatError: The text breaks the format, or a value has the wrong kind.
    """
    parser = _Parser(text)
    values: dict[str, Value] = {}
    while parser.token:
        name = parser.take_name()
        field = fields.get(name)
        if field is None:
            parser.skip_contents(_MAX_DEPTH)
        else:
            parser.take(":")
            _take_field(parser, field, name, values)
        parser.take_separator()
    return values


def format_fields(values: Iterable[tuple[str, str | float]]) -> str:
    """Prints fields as TensorFlow does, a line each, in the order given."""
    return "".join(f"{name}: {_format_value(value)}\n" for name, value in values)


def _format_value(value: str | float) -> str:
    return f'"{_escape(value)}"' if isinstance(value, str) else repr(float(value))


def _escape(text: str) -> str:
    return text.translate(_PRINTED)


def _printed_signs() -> dict[int, str]:
    """What a string's characters are printed as, where not as they are."""
    table = {code: f"\\{code:03o}" for code in (*range(32), 127)}
    table.update({ord(sign): "\\" + sign for sign in "\"'\\"})
    table.update({ord("\n"): r"\n", ord("\t"): r"\t", ord("\r"): r"\r"})
    # What surrogateescape makes of bytes that are no UTF-8.
    table.update({0xDC00 + byte: f"\\{byte:03o}" for byte in range(128, 256)})
    return table


_PRINTED = _printed_signs()


def _take_field(
    parser: _Parser, field: Field, name: str, values: dict[str, Value]
) -> None:
    take = parser.take_string if field.kind is str else parser.take_float
    if not field.repeated:
        values[name] = take()
        return
    items: list[str | float] = values.setdefault(name, [])  # type: ignore[assignment]
    if not parser.try_take("["):
        items.append(take())
    elif not parser.try_take("]"):
        items.append(take())
        while not parser.try_take("]"):
            parser.take(",")
            items.append(take())


class _Parser:
    """Takes tokens from a text, one ahead: ``token``, empty at the end."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._end = 0
        self.token = ""
        self._advance()

    def _advance(self) -> None:
        match = _TOKEN.match(self._text, self._end)
        assert match is not None
        self._kind = match.lastgroup
        self.token = match[self._kind or "sign"]
        self._end = match.end()

    def fail(self, expected: str) -> TextFormatError:
        """Makes the error that what is here is not what was expected."""
        start = self._end - len(self.token)
        line = self._text.count("\n", 0, start) + 1
        column = start - self._text.rfind("\n", 0, start)
        found = repr(self.token[:40]) if self.token else "the end"
        return TextFormatError(
            f"line {line}, column {column}: expected {expected}, found {found}"
        )

    def try_take(self, token: str) -> bool:
        found = self.token == token
        if found:
            self._advance()
        return found

    def take(self, token: str) -> None:
        if not self.try_take(token):
            raise self.fail(f"'{token}'")

    def take_separator(self) -> None:
        """Takes the one ``,`` or ``;`` that may follow a field."""
        if not self.try_take(","):
            self.try_take(";")

    def take_name(self) -> str:
        """Takes the name of a field."""
        name = self.token
        if not (_LETTER.match(name) or name[:1].isdigit()):
            raise self.fail("a field name")
        self._advance()
        return name

    def _skip_name(self) -> None:
        """Takes the name of a field in a message, which may have extensions."""
        if not self.try_take("["):
            self.take_name()
            return
        shape = ""
        while self.token and self.token != "]":
            shape += "a" if _LETTER.match(self.token) else self.token
            self._advance()
        if not _EXTENSION.fullmatch(shape):
            raise self.fail("the name of an extension before it")
        self.take("]")

    def take_string(self) -> str:
        """Takes a string, made of one literal or of several adjacent ones."""
        parts = [self._take_literal()]
        while self._kind == "string":
            parts.append(self._take_literal())
        return b"".join(parts).decode("utf-8", "surrogateescape")

    def _take_literal(self) -> bytes:
        if self._kind != "string":
            quote = self.token in ("'", '"')
            raise self.fail("the string's end on its line" if quote else "a string")
        inside = self.token[1:-1].encode("utf-8", "surrogateescape")
        try:
            literal = _ESCAPE.sub(_unescape, inside)
        except ValueError as error:
            raise self.fail(f"a string ({error})") from None
        self._advance()
        return literal

    def take_float(self) -> float:
        value = _parse_float(self.token)
        if value is None:
            raise self.fail("a number")
        self._advance()
        return value

    def skip_contents(self, depth: int) -> None:
        """Takes all that follows an unknown field's name."""
        scalar = self.try_take(":") and self.token not in ("{", "<")
        if not scalar:
            self._skip_message(depth)
        elif self.try_take("["):
            self._skip_list(depth)
        else:
            self._skip_scalar()

    def _skip_message(self, depth: int) -> None:
        if depth == 0:
            raise self.fail(f"no message inside {_MAX_DEPTH} others")
        close = ">" if self.try_take("<") else "}"
        if close == "}":
            self.take("{")
        while self.token not in (">", "}"):
            self._skip_name()
            self.skip_contents(depth - 1)
            self.take_separator()
        self.take(close)

    def _skip_list(self, depth: int) -> None:
        if self.try_take("]"):
            return
        while True:
            if self.token in ("{", "<"):
                self._skip_message(depth)
            else:
                self._skip_scalar()
            if self.try_take("]"):
                return
            self.take(",")

    def _skip_scalar(self) -> None:
        if self._kind == "string":
            self.take_string()
        elif _LETTER.match(self.token) or _is_number(self.token):
            self._advance()
        else:
            raise self.fail("a value")


def _unescape(match: re.Match[bytes]) -> bytes:
    sign = match["sign"]
    if sign is not None:
        if sign[0] not in _SIGNS:
            shown = match[0].decode("ascii", "backslashreplace")
            raise ValueError(f"{shown} is no escape")
        return bytes([_SIGNS[sign[0]]])
    point = match["short"] or match["long"]
    if point is not None:
        return chr(int(point, 16)).encode()
    octal = match["octal"]
    return bytes([int(octal, 8) if octal is not None else int(match["byte"], 16)])


def _parse_float(token: str) -> float | None:
    if _OCTAL.match(token):
        return None
    if _INFINITY.match(token):
        return float("-inf" if token[0] == "-" else "inf")
    if _NAN.match(token):
        return float("nan")
    for spelling in (token, token.rstrip("fF")):
        try:
            return float(spelling)
        except ValueError:
            continue
    return None


def _is_number(token: str) -> bool:
    if _parse_float(token) is not None:
        return True
    octal = re.fullmatch(r"(-?)0(\d+)", token)
    try:
        number = int(f"{octal[1]}0o{octal[2]}" if octal else token, 0)
    except ValueError:
        return False
    return -(1 << 63) <= number < 1 << 64
