"""TensorFlow's data types as the tests know them: number, name, NumPy type.

Source: section 5.3 of the format; the numbers are those of DataType in
tensorflow/core/framework/types.proto. Written down a second time on purpose: the
tests must not ask fastckpt what fastckpt should do.
"""

from __future__ import annotations

from typing import NamedTuple

import ml_dtypes
import numpy as np

STRING, RESOURCE, VARIANT = 7, 20, 21


class Dtype(NamedTuple):
    """One fixed-size data type."""

    number: int
    name: str
    numpy: np.dtype


_FIXED = [
    (1, "float32", np.float32),
    (2, "float64", np.float64),
    (3, "int32", np.int32),
    (4, "uint8", np.uint8),
    (5, "int16", np.int16),
    (6, "int8", np.int8),
    (8, "complex64", np.complex64),
    (9, "int64", np.int64),
    (10, "bool", np.bool_),
    (11, "qint8", np.int8),
    (12, "quint8", np.uint8),
    (13, "qint32", np.int32),
    (14, "bfloat16", ml_dtypes.bfloat16),
    (15, "qint16", np.int16),
    (16, "quint16", np.uint16),
    (17, "uint16", np.uint16),
    (18, "complex128", np.complex128),
    (19, "float16", np.float16),
    (22, "uint32", np.uint32),
    (23, "uint64", np.uint64),
    (24, "float8_e5m2", ml_dtypes.float8_e5m2),
    (25, "float8_e4m3fn", ml_dtypes.float8_e4m3fn),
    (26, "float8_e4m3fnuz", ml_dtypes.float8_e4m3fnuz),
    (27, "float8_e4m3b11fnuz", ml_dtypes.float8_e4m3b11fnuz),
    (28, "float8_e5m2fnuz", ml_dtypes.float8_e5m2fnuz),
    (29, "int4", ml_dtypes.int4),
    (30, "uint4", ml_dtypes.uint4),
    (31, "int2", ml_dtypes.int2),
    (32, "uint2", ml_dtypes.uint2),
    (33, "float4_e2m1fn", ml_dtypes.float4_e2m1fn),
]
FIXED = [Dtype(number, name, np.dtype(kind)) for number, name, kind in _FIXED]
BY_NUMBER = {dtype.number: dtype for dtype in FIXED}
BY_NAME = {dtype.name: dtype for dtype in FIXED}
# What a NumPy type is stored as when nobody says otherwise.
NUMBER_OF = {
    dtype.numpy: dtype.number for dtype in FIXED if not dtype.name.startswith("q")
}
NAME_OF = {dtype.number: dtype.name for dtype in FIXED} | {
    STRING: "string",
    RESOURCE: "resource",
    VARIANT: "variant",
}
# Types of fewer than eight bits take a byte each, the high bits zero.
_BITS_USED = {"int4": 4, "uint4": 4, "int2": 2, "uint2": 2, "float4_e2m1fn": 4}


def random_array(
    dtype: Dtype, shape: tuple[int, ...], generator: np.random.Generator
) -> np.ndarray:
    """Gives an array of random bit patterns that are legal values of `dtype`."""
    count = int(np.prod(shape, dtype=np.int64))
    raw = generator.integers(0, 256, count * dtype.numpy.itemsize, dtype=np.uint8)
    if dtype.name == "bool":
        raw &= 1
    elif dtype.name in _BITS_USED:
        raw &= (1 << _BITS_USED[dtype.name]) - 1
    return raw.view(dtype.numpy).reshape(shape)
