"""Const nodes in the wire format, written without holding their values.

    NodeDef     name, op, attr{"dtype": type}, attr{"value": AttrValue}
    AttrValue   08: TensorProto                      (field number: content)
    TensorProto dtype, tensor_shape, then one field with all values

All but the values is made by protobuf; each length on the way to them is computed
first. Which field holds the values is as TensorFlow's make_tensor_proto chooses it, so
that the bytes are those that TensorFlow writes.
Source: tensorflow/python/framework/tensor_util.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from fastckpt.graph.datatypes import get_dtype, get_type_name
from fastckpt.graph.schema import get_message

__all__ = ["Constant", "make_constant", "put_header"]

Array = np.ndarray[Any, Any]
Buffer = bytes | memoryview

_TENSOR_CONTENT = 4
_STRING_VAL = 8

# Types whose values are tensor_content when there are more than one.
_CONTENT_TYPES = frozenset(
    [
        "float16",
        "float32",
        "float64",
        "bfloat16",
        "int8",
        "int16",
        "int32",
        "int64",
        "uint8",
        "uint32",
        "uint64",
        "qint8",
        "quint8",
        "qint16",
        "quint16",
        "qint32",
        "float8_e5m2",
        "float8_e4m3fn",
        "float8_e4m3fnuz",
        "float8_e4m3b11fnuz",
        "float8_e5m2fnuz",
        "float4_e2m1fn",
    ]
)

# The field of the values where they are not content. These hold the bytes as they are
# in memory; in every other field, and in int_val (7), each value is a varint.
_BYTES_FIELDS = {
    "float32": 5,
    "float64": 6,
    "complex64": 9,
    "bool": 11,
    "complex128": 12,
    "float8_e5m2": 18,
    "float8_e4m3fn": 18,
    "float8_e4m3fnuz": 18,
    "float8_e4m3b11fnuz": 18,
    "float8_e5m2fnuz": 18,
    "float4_e2m1fn": 18,
}
_VARINT_FIELDS = {
    "int64": 10,
    "float16": 13,
    "bfloat16": 13,
    "uint32": 16,
    "uint64": 17,
}
_INT_VAL = 7

_LENGTH_DELIMITED = 2


class Constant:
    """A Const node whose value is fetched when it is written.

    Args:
        name: The node's name.
        dtype: The number of the type.
        shape: The dimensions.
        fetch: Gives the value: an array of that type and shape.
    """

    def __init__(
        self,
        name: str,
        dtype: int,
        shape: tuple[int, ...],
        fetch: Callable[[], Array],
    ) -> None:
        self.name = name
        self._fetch = fetch
        self._head = get_message("NodeDef")(name=name, op="Const")
        self._head.attr["dtype"].type = dtype
        self._tensor = get_message("TensorProto")(dtype=dtype)
        self._tensor.tensor_shape.SetInParent()
        for dim in shape:
            self._tensor.tensor_shape.dim.add(size=dim)
        self._values = _make_values(get_type_name(dtype), shape, fetch)

    def count_bytes(self) -> int:
        """Gives the size of the serialized node."""
        return sum(map(len, self._make_heads())) + self._values.nbytes

    def iterate_parts(self) -> Iterator[Buffer]:
        """Gives the serialized node part by part; the value is fetched here."""
        yield from self._make_heads()
        yield from self._values.iterate_parts()

    def _make_heads(self) -> list[bytes]:
        tensor = self._tensor.SerializeToString() + self._values.head
        attribute = put_header(8, len(tensor) + self._values.nbytes) + tensor
        size = len(attribute) + self._values.nbytes
        entry = b"\n\x05value" + put_header(2, size) + attribute  # key is field 1
        head = self._head.SerializeToString(deterministic=True)
        return [head, put_header(5, len(entry) + self._values.nbytes), entry]


def make_constant(name: str, value: Array, dtype: int) -> Any:
    """Gives a Const node with a small value, as a message."""
    constant = Constant(name, dtype, value.shape, lambda: value)
    return get_message("NodeDef").FromString(b"".join(constant.iterate_parts()))


def put_header(field: int, size: int) -> bytes:
    """Gives what stands before a message or a string: its field and its size."""
    return _put_varint(field << 3 | _LENGTH_DELIMITED) + _put_varint(size)


def _put_varint(value: int) -> bytes:
    parts = bytearray()
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    parts.append(value)
    return bytes(parts)


class _Values:
    """The field of a TensorProto that holds its values.

    Attributes:
        head: The bytes before the values, none where there is no value.
        nbytes: The size of the values.
    """

    def __init__(self, head: bytes, nbytes: int, parts: Callable[[], Buffer]) -> None:
        self.head = head
        self.nbytes = nbytes
        self._parts = parts

    def iterate_parts(self) -> Iterator[Buffer]:
        """Gives the values' bytes."""
        if self.nbytes:
            yield self._parts()


def _make_values(
    name: str, shape: tuple[int, ...], fetch: Callable[[], Array]
) -> _Values:
    count = math.prod(shape)
    if count == 0:
        return _Values(b"", 0, bytes)
    if name == "string":
        return _hold(b"".join(map(_put_string, fetch().reshape(-1).tolist())))
    if name in _CONTENT_TYPES and count > 1:
        return _stream(_TENSOR_CONTENT, name, count, fetch)
    if name in _BYTES_FIELDS:
        return _stream(_BYTES_FIELDS[name], name, count, fetch)
    content = _put_varints(fetch(), name)
    field = _VARINT_FIELDS.get(name, _INT_VAL)
    return _hold(put_header(field, len(content)) + content)


def _stream(field: int, name: str, count: int, fetch: Callable[[], Array]) -> _Values:
    dtype = get_dtype(name)
    nbytes = count * (dtype.itemsize if dtype else 0)
    return _Values(put_header(field, nbytes), nbytes, lambda: _view_bytes(fetch()))


def _hold(content: bytes) -> _Values:
    return _Values(b"", len(content), lambda: content)


def _put_string(value: bytes) -> bytes:
    return put_header(_STRING_VAL, len(value)) + value


def _view_bytes(array: Array) -> memoryview:
    flat: Array = np.ascontiguousarray(array).reshape(-1)
    if flat.dtype == np.bool_:  # a checkpoint's true may be any byte but zero
        flat = np.not_equal(flat.view(np.uint8), 0)
    return flat.view(np.uint8).data


def _put_varints(array: Array, name: str) -> bytes:
    flat = np.ascontiguousarray(array).reshape(-1)
    if name in ("float16", "bfloat16"):
        flat = flat.view(np.uint16)
    values = flat.astype(np.uint64 if name == "uint64" else np.int64).tolist()
    encoded = {value: _put_varint(value % (1 << 64)) for value in set(values)}
    return b"".join(map(encoded.__getitem__, values))
