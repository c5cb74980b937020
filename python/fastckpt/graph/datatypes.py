"""Types of tensors in graphs: TensorFlow's numbers and names, and NumPy's types."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from fastckpt.base.deferred import importing
from fastckpt.graph.schema import get_enum

__all__ = ["count_bytes", "get_dtype", "get_type_name", "make_reference"]

# A type's number plus this is the type of a reference to such a tensor.
_REFERENCE = 100

# More than any tensor has; what claims more tells nothing.
_MOST_BYTES = 1 << 62

# The types whose names in Python are not those of the enum.
_NAMES = {"float": "float32", "double": "float64", "half": "float16"}

_QUANTISED = {
    "qint8": "int8",
    "quint8": "uint8",
    "qint16": "int16",
    "quint16": "uint16",
    "qint32": "int32",
}


def make_reference(number: int) -> int:
    """Gives the type of references to tensors of a type."""
    return number + _REFERENCE


@functools.cache
def get_type_name(number: int) -> str:
    """Gives TensorFlow's name of a type: ``"float32"``, ``"float32_ref"``, ``"qint8"``.

    A number that is no type gives ``"unknown(77)"``.
    """
    if number > _REFERENCE:
        return f"{get_type_name(number - _REFERENCE)}_ref"
    enum_name = get_enum("DataType").get(number)
    if enum_name is None:
        return f"unknown({number})"
    name = enum_name.removeprefix("DT_").lower()
    return _NAMES.get(name, name)


@functools.cache
def get_dtype(name: str) -> np.dtype[Any] | None:
    """Gives the NumPy type of a TensorFlow type's name, None where there is none."""
    name = name.removesuffix("_ref")
    if name == "string":
        return np.dtype(object)
    try:
        return np.dtype(_QUANTISED.get(name, name))
    except TypeError:
        return _get_small_dtype(name)


def count_bytes(name: str, shape: Sequence[int | None] | None) -> int | None:
    """Gives the size of a tensor's values; None where type or shape does not tell."""
    dtype = get_dtype(name)
    if shape is None or dtype is None or name == "string":
        return None
    known = [dim for dim in shape if dim is not None]
    if len(known) < len(shape):
        return None
    size = math.prod(known) * dtype.itemsize
    return size if size <= _MOST_BYTES else None


def _get_small_dtype(name: str) -> np.dtype[Any] | None:
    with importing:
        import ml_dtypes  # comes with the first type that needs it

    kind = getattr(ml_dtypes, name, None)
    return None if kind is None else np.dtype(kind)
