"""Values for people and for JSON."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastckpt.base.text import format_count, shorten
from fastckpt.checking.numbers import is_numeric

__all__ = ["MOST_LISTED", "format_values", "list_values"]

MOST_LISTED = 1000
"""JSON lists the values of an array of no more than that, as NumPy prints them all."""

_LONGEST_STRING = 200


def format_values(
    array: NDArray[Any], width: int | None, is_whole: bool = False
) -> str:
    """Gives what NumPy prints; a long string is cut in the middle, and says so.

    Args:
        array: Of any type that a checkpoint holds.
        width: The terminal's columns; None: NumPy's own line width.
        is_whole: Whether nothing is left out, however much there is.
    """
    format_string = repr if is_whole else _format_string
    if array.ndim == 0:
        value = array[()]
        return format_string(value) if isinstance(value, bytes) else str(value)
    formatter: Any = {"object": format_string} if array.dtype.kind == "O" else None
    return np.array2string(
        array,
        max_line_width=width,
        threshold=array.size + 1 if is_whole else MOST_LISTED,
        formatter=formatter,
    )


def _format_string(value: bytes) -> str:
    if len(value) <= _LONGEST_STRING:
        return repr(value)
    return (
        f"{shorten(repr(value), _LONGEST_STRING)} ({format_count(len(value), 'byte')})"
    )


def list_values(array: NDArray[Any], is_whole: bool = False) -> Any:
    """Gives an array as nested lists of plain values, or None where it is too large.

    With `is_whole` none is. Strings are decoded as names are: UTF-8 with
    ``surrogateescape``.
    """
    if array.size > MOST_LISTED and not is_whole:
        return None
    if array.dtype.kind == "O":
        decode = np.frompyfunc(_decode, 1, 1)
        return _as_list(decode(array))
    if array.dtype.kind == "S":
        return list_values(array.astype(object))
    if not is_numeric(array.dtype):
        return _as_list(array.astype(str))
    if array.dtype.isbuiltin != 1:  # a type of ml_dtypes
        is_integer = array.dtype.name.startswith(("int", "uint"))
        array = array.astype(np.int64 if is_integer else np.float64)
    return _as_list(array)


def _as_list(array: Any) -> Any:
    return array.tolist() if isinstance(array, np.ndarray) else array


def _decode(value: bytes) -> str:
    return value.decode("utf-8", "surrogateescape")
