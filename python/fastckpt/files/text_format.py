"""The text form of a flat protocol buffer message, as TensorFlow prints it.

Only the state file is written this way, so the fields are strings and doubles; the
core reads it. Strings are bytes of UTF-8 to the format and ``str`` with
``surrogateescape`` here, so that every file name goes both ways.

Source: google/protobuf/text_format.py, text_encoding.py.
"""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["format_fields"]


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
