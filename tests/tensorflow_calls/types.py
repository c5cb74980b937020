"""Calls with types."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np

from tensorflow_calls.describe import attempt

DTYPES = [
    "float16",
    "half",
    "float32",
    "float64",
    "double",
    "bfloat16",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "bool",
    "string",
    "complex64",
    "complex128",
    "qint8",
    "quint8",
    "qint16",
    "quint16",
    "qint32",
    "resource",
    "variant",
]

_FACTS = [
    "name",
    "size",
    "is_bool",
    "is_complex",
    "is_floating",
    "is_integer",
    "is_quantized",
    "is_unsigned",
    "is_numpy_compatible",
    "as_datatype_enum",
    "base_dtype",
    "real_dtype",
    "as_numpy_dtype",
]


def _dtype_facts(c, name):
    dtype = getattr(c.tf, name)
    facts = [attempt(getattr, dtype, fact) for fact in _FACTS]
    same = dtype is not None and dtype == getattr(c.tf.dtypes, name)
    return [
        facts,
        int(dtype),
        hash(dtype),
        repr(dtype),
        str(dtype),
        same,
        pickle.loads(pickle.dumps(dtype)) == dtype,
    ]


def _float32_equals(c):
    others = [
        "float32", "float", "<f4", "float32_ref", "float64", "zz", np.float32,
        np.float64, np.dtype("f4"), np.dtype(">f4"), np.zeros(2, "f4"), np.zeros(2),
        float, int, object, 1, 2, 101, None, [1], c.tf.float32, c.tf.float64,
        c.tf.as_dtype("float32"),
    ]  # fmt: skip
    return [[c.tf.float32 == other, c.tf.float32 != other] for other in others]


def _as_dtypes(c):
    import ml_dtypes

    values = [
        "float", "half", "double", "half_ref", "string", "bool", "qint8", "zz", "<f4",
        1, 33, 101, 133, 0, 34, 99, 134, -1, 1.5, None, [1], int, float, bool, object,
        str, bytes, np.float16, np.bool_, np.bytes_, np.longlong, np.dtype("S3"),
        np.dtype("U3"), np.dtype("M8[s]"), np.dtype([("qint8", "i1")]),
        np.dtype([("qint8", "i4")]), np.zeros(2), ml_dtypes.bfloat16,
        np.dtype(ml_dtypes.int4), ml_dtypes.float8_e4m3fn,
    ]  # fmt: skip
    return [attempt(c.tf.as_dtype, value) for value in values]


def _cast(c, value, dtype):
    return c.tf.dtypes.cast(value, dtype).numpy()


def _half(values):
    import ml_dtypes

    return np.array(values, ml_dtypes.bfloat16)


def _texts(c):
    compat = c.tf.compat
    functions = ("as_bytes", "as_text", "as_str", "as_str_any", "path_to_str")
    values = ["a\u00e9", b"a\xc3\xa9", b"\xff", bytearray(b"a"), 1, None, Path("p/q")]
    return [
        [attempt(getattr(compat, name), value) for value in values]
        for name in functions
    ]


CALLS = {
    "text and bytes": _texts,
    "text of another encoding": lambda c: [
        c.tf.compat.as_bytes("\u00e9", "latin-1"),
        c.tf.compat.as_text(b"\xe9", encoding="latin-1"),
        c.tf.compat.as_str_any(b"\xe9", "latin-1"),
    ],
    "types of text and numbers": lambda c: [
        [isinstance(value, getattr(c.tf.compat, f"{kind}_types"))]
        for kind in ("bytes_or_text", "integral", "real", "complex")
        for value in ("a", b"a", 1, 1.5, 1j, np.int8(1), np.float16(1), True, None)
    ],
    # Types.
    **{f"tf.{name}": (lambda c, n=name: _dtype_facts(c, n)) for name in DTYPES},
    "what equals float32": _float32_equals,
    "as_dtype": _as_dtypes,
    "DType": lambda c: [attempt(c.tf.DType, n) for n in (1, 101, 133, 0, 99, 134, -1)],
    "is_compatible_with": lambda c: [
        c.tf.float32.is_compatible_with(c.tf.DType(101)),
        c.tf.DType(101).is_compatible_with(c.tf.float32),
        c.tf.float32.is_compatible_with("int8"),
    ],
    "cast bfloat16": lambda c: _cast(c, _half([1, 2]), c.tf.float32),
    "cast a bfloat16 scalar": lambda c: _cast(c, _half([3])[0], c.tf.float32),
    "cast to bfloat16": lambda c: _cast(c, np.array([3]), c.tf.bfloat16),
    "cast fractions": lambda c: _cast(c, [1.5, -2.5], c.tf.int8),
    "cast complex": lambda c: _cast(c, np.array([1 + 2j]), c.tf.float32),
    "cast to complex": lambda c: _cast(c, [1.5], c.tf.complex64),
    "cast truth": lambda c: _cast(c, [True], "float32"),
    "cast to truth": lambda c: _cast(c, [0.0, 2.0], c.tf.bool),
    "cast a number": lambda c: _cast(c, 1, np.float16),
    "cast nothing": lambda c: _cast(c, np.ones((2, 0)), c.tf.int64),
    "cast quantized": lambda c: _cast(c, [1.5], c.tf.qint8),
    "cast big-endian": lambda c: _cast(c, np.ones(2, ">f4"), c.tf.float32),
    "cast strings": lambda c: _cast(c, np.array(["a", "\u00e9"]), c.tf.string),
    "cast a string": lambda c: _cast(c, "abc", c.tf.string),
    "cast a string to a number": lambda c: _cast(c, b"1", c.tf.float32),
    "cast a number to a string": lambda c: _cast(c, [1], c.tf.string),
    "cast to no type": lambda c: _cast(c, [1], "zz"),
    "tf.cast": lambda c: c.tf.cast([1], c.tf.float32).numpy(),
}
