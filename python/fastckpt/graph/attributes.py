"""Attributes, shapes and constant tensors of graph messages as Python values."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from fastckpt.errors import CorruptionError, UnsupportedError
from fastckpt.graph.datatypes import get_dtype, get_type_name
from fastckpt.graph.schema import get_message

__all__ = [
    "FunctionCall",
    "Shape",
    "decode_attribute",
    "decode_attributes",
    "decode_shape",
    "decode_strings",
    "decode_tensor",
    "get_attribute",
]

# None: nothing is known; a dimension that is not known is None as well.
Shape = tuple[int | None, ...] | None

# The largest tensor that is built from a few values, the last of which repeats.
_MAX_FILLED_BYTES = 1 << 28
_MAX_FILLED_STRINGS = 1 << 16

_VALUE_FIELDS = {
    "float32": "float_val",
    "float64": "double_val",
    "complex64": "scomplex_val",
    "complex128": "dcomplex_val",
    "int64": "int64_val",
    "uint32": "uint32_val",
    "uint64": "uint64_val",
    "bool": "bool_val",
    "float16": "half_val",
    "bfloat16": "half_val",
    "string": "string_val",
}


class FunctionCall(NamedTuple):
    """A function as an attribute names it: its name and its own attributes."""

    name: str
    attributes: dict[str, Any]


def get_attribute(node: Any, name: str) -> Any:
    """Gives an attribute's message (AttrValue), an empty one where there is none.

    Asking a protobuf map for a key that it lacks would add the key.
    """
    return node.attr[name] if name in node.attr else get_message("AttrValue")()


def decode_attributes(attributes: Any) -> dict[str, Any]:
    """Gives a node's attributes by name, in the order of the names."""
    return {name: decode_attribute(attributes[name]) for name in sorted(attributes)}


def decode_attribute(value: Any) -> Any:
    """Gives an AttrValue as a Python value.

    Returns:
        bytes, int, float, bool, a type's name in TensorFlow (``"float32"``), a shape,
        an array, a ``FunctionCall``, a placeholder's name, a list of these, or None if
        the attribute has no value.
    """
    kind = value.WhichOneof("value")
    if kind is None:
        return None
    content = getattr(value, kind)
    if kind == "list":
        return _decode_list(content)
    return _DECODERS.get(kind, _keep)(content)


def decode_shape(shape: Any) -> Shape:
    """Gives a TensorShapeProto as a tuple; -1 in a message is an unknown dimension."""
    if shape.unknown_rank:
        return None
    return tuple(dim.size if dim.size >= 0 else None for dim in shape.dim)


def decode_strings(tensor: Any) -> list[bytes]:
    """Gives the elements of a constant string tensor in C order.

    Raises:
        CorruptionError: it is none, or its shape holds far more strings than it has.
    """
    if get_type_name(tensor.dtype) != "string":
        raise CorruptionError("a constant that names tensors holds no strings")
    array = decode_tensor(tensor)
    if array.size > max(len(tensor.string_val), _MAX_FILLED_STRINGS):
        raise CorruptionError(
            f"a constant of shape {array.shape} has {len(tensor.string_val)} strings"
        )
    return [bytes(each) for each in array.reshape(-1).tolist()]


def decode_tensor(tensor: Any) -> np.ndarray[Any, Any]:
    """Gives a TensorProto as an array.

    The last of the values given repeats, as far as the shape goes; no values are zeros.
    Where one value fills the whole array, the array is a read-only view of that one.

    Raises:
        CorruptionError: the values do not fit the shape.
        UnsupportedError: NumPy has no such type, or the values would fill too much.
    """
    name = get_type_name(tensor.dtype)
    dtype = get_dtype(name)
    if dtype is None:
        raise UnsupportedError(f"a constant of type {name} has no value in NumPy")
    shape = _get_full_shape(tensor.tensor_shape)
    if tensor.tensor_content:
        return _decode_content(tensor.tensor_content, dtype, shape)
    return _fill(_get_values(tensor, name, dtype), dtype, shape)


def _keep(content: Any) -> Any:
    return content


def _decode_function(function: Any) -> FunctionCall:
    return FunctionCall(function.name, decode_attributes(function.attr))


_DECODERS: dict[str, Callable[[Any], Any]] = {
    "type": get_type_name,
    "shape": decode_shape,
    "tensor": decode_tensor,
    "func": _decode_function,
}


def _decode_list(values: Any) -> list[Any]:
    for field, content in values.ListFields():
        return [_DECODERS.get(field.name, _keep)(each) for each in content]
    return []


def _get_full_shape(shape: Any) -> tuple[int, ...]:
    dims = decode_shape(shape)
    known = [] if dims is None else [dim for dim in dims if dim is not None]
    if dims is None or len(known) < len(dims):
        raise CorruptionError(f"a constant has the shape {dims}, which is not complete")
    return tuple(known)


def _decode_content(
    content: bytes, dtype: np.dtype[Any], shape: tuple[int, ...]
) -> np.ndarray[Any, Any]:
    if dtype.hasobject:
        raise UnsupportedError("a constant of strings is stored as tensor_content")
    expected = math.prod(shape) * dtype.itemsize
    if len(content) != expected:
        raise CorruptionError(
            f"a constant of shape {shape} and type {dtype} has {len(content)} bytes; "
            f"it needs {expected}"
        )
    return np.frombuffer(content, np.uint8).view(dtype).reshape(shape)


def _get_values(tensor: Any, name: str, dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
    if name.startswith("float8"):
        return np.frombuffer(tensor.float8_val, np.uint8).view(dtype)
    values = getattr(tensor, _VALUE_FIELDS.get(name, "int_val"))
    if name in ("float16", "bfloat16"):
        return np.array(values, np.uint32).astype(np.uint16).view(dtype)
    if name in ("complex64", "complex128"):
        halves = np.array(values, np.float32 if name == "complex64" else np.float64)
        return halves[: len(halves) // 2 * 2].view(dtype)
    if dtype.hasobject:
        return _make_objects(values)
    return np.array(values, dtype if name in _VALUE_FIELDS else np.int64).astype(dtype)


def _make_objects(values: Any) -> np.ndarray[Any, Any]:
    array = np.empty(len(values), object)
    array[:] = list(values)
    return array


def _fill(
    values: np.ndarray[Any, Any], dtype: np.dtype[Any], shape: tuple[int, ...]
) -> np.ndarray[Any, Any]:
    count = math.prod(shape)
    if len(values) == count:
        return values.reshape(shape)
    if len(values) > count:
        raise CorruptionError(
            f"a constant of shape {shape} has {len(values)} values; it holds {count}"
        )
    if len(values) < 2:
        zero = b"" if dtype.hasobject else 0
        last = values if len(values) else np.array([zero], dtype)
        return np.broadcast_to(last.reshape(()), shape)
    if count * dtype.itemsize > _MAX_FILLED_BYTES:
        raise UnsupportedError(
            f"a constant of shape {shape} is filled from {len(values)} values; "
            f"more than {_MAX_FILLED_BYTES} bytes are not built"
        )
    filled = np.full(count, values[-1], dtype)
    filled[: len(values)] = values
    return filled.reshape(shape)
