"""TensorFlow's type of types, ``tf.DType``, and what turns into one.

Source: tensorflow/core/framework/types.proto (numbers) and
tensorflow/python/framework/dtypes.py (names, NumPy types, what equals what).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fastckpt.base.deferred import importing

_REF_OFFSET = 100  # DT_FLOAT_REF is DT_FLOAT + 100

_NAMES = {
    1: "float32",
    2: "float64",
    3: "int32",
    4: "uint8",
    5: "int16",
    6: "int8",
    7: "string",
    8: "complex64",
    9: "int64",
    10: "bool",
    11: "qint8",
    12: "quint8",
    13: "qint32",
    14: "bfloat16",
    15: "qint16",
    16: "quint16",
    17: "uint16",
    18: "complex128",
    19: "float16",
    20: "resource",
    21: "variant",
    22: "uint32",
    23: "uint64",
    24: "float8_e5m2",
    25: "float8_e4m3fn",
    26: "float8_e4m3fnuz",
    27: "float8_e4m3b11fnuz",
    28: "float8_e5m2fnuz",
    29: "int4",
    30: "uint4",
    31: "int2",
    32: "uint2",
    33: "float4_e2m1fn",
}
_NUMBERS = {name: number for number, name in _NAMES.items()}
_ALIASES = {"float": "float32", "double": "float64", "half": "float16"}
_PYTHON_TYPES = {float: "float32", bool: "bool", object: "string"}
_WITHOUT_NUMPY_TYPE = ("resource", "variant")


class DType:
    """The type of a tensor's elements.

    Compares equal to whatever ``as_dtype`` turns into the same type: a name, a
    NumPy type, a number.

    Args:
        type_enum: TensorFlow's number of the type; over 100 for reference types.

    Raises:
        TypeError: no type has this number.
    """

    __slots__ = ("_number",)

    def __init__(self, type_enum: int) -> None:
        number = int(type_enum)
        if number not in _NAMES and number - _REF_OFFSET not in _NAMES:
            raise TypeError(f"{type_enum} is not the number of a TensorFlow type.")
        self._number = number

    @property
    def as_datatype_enum(self) -> int:
        """TensorFlow's number of the type."""
        return self._number

    @property
    def name(self) -> str:
        """The name: ``"float32"``."""
        if self._number > _REF_OFFSET:
            return _NAMES[self._number - _REF_OFFSET] + "_ref"
        return _NAMES[self._number]

    @property
    def base_dtype(self) -> DType:
        """The type itself, without being a reference."""
        return DType(self._number % _REF_OFFSET)

    @property
    def real_dtype(self) -> DType:
        """The type of the real part."""
        parts = {"complex64": "float32", "complex128": "float64"}
        part = parts.get(self.base_dtype.name)
        return self if part is None else as_dtype(part)

    @property
    def as_numpy_dtype(self) -> Any:
        """The NumPy scalar type; for quantised types a structured dtype.

        Raises:
            KeyError: a resource or variant.
        """
        name = self.base_dtype.name
        if name in _WITHOUT_NUMPY_TYPE:
            raise KeyError(self._number)
        if self.is_quantized:
            return np.dtype([(name, name[1:])])
        if name in ("bool", "string"):
            return np.bool_ if name == "bool" else object
        if hasattr(np, name):
            return getattr(np, name)
        with importing:
            import ml_dtypes

        return getattr(ml_dtypes, name)

    @property
    def size(self) -> int:
        """The bytes of one element; 0 where elements differ."""
        if self.base_dtype.name in ("string", *_WITHOUT_NUMPY_TYPE):
            return 0
        return int(np.dtype(self.as_numpy_dtype).itemsize)

    @property
    def is_bool(self) -> bool:
        """Whether it is the truth type."""
        return self.base_dtype.name == "bool"

    @property
    def is_complex(self) -> bool:
        """Whether it is complex."""
        return self.base_dtype.name.startswith("complex")

    @property
    def is_floating(self) -> bool:
        """Whether it is a real floating type, of any width."""
        return self.base_dtype.name.startswith(("float", "bfloat"))

    @property
    def is_integer(self) -> bool:
        """Whether it is an integer and not quantised."""
        return self.base_dtype.name.startswith(("int", "uint"))

    @property
    def is_numpy_compatible(self) -> bool:
        """Whether a NumPy type stands for it."""
        return self.base_dtype.name not in _WITHOUT_NUMPY_TYPE

    @property
    def is_quantized(self) -> bool:
        """Whether it is one of the quantised types."""
        return self.base_dtype.name.startswith("q")

    @property
    def is_unsigned(self) -> bool:
        """Whether it is an unsigned integer."""
        return self.base_dtype.name.startswith("uint")

    def is_compatible_with(self, other: Any) -> bool:
        """Tells whether `other`, or what it refers to, is this type."""
        return self in (as_dtype(other), as_dtype(other).base_dtype)

    def __eq__(self, other: object) -> bool:
        try:
            return other is not None and self._number == as_dtype(other)._number
        except TypeError:
            return False

    def __hash__(self) -> int:
        return self._number

    def __int__(self) -> int:
        return self._number

    def __repr__(self) -> str:
        return f"tf.{self.name}"

    def __str__(self) -> str:
        return f"<dtype: {self.name!r}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return as_dtype, (self.name,)


def as_dtype(type_value: Any) -> DType:
    """Returns the TensorFlow type that a value stands for.

    Args:
        type_value: a DType, its name or number, a NumPy dtype or scalar type,
            Python's float, bool or object, or anything with a ``dtype``.

    Raises:
        TypeError: no TensorFlow type fits.
    """
    if isinstance(type_value, DType):
        return type_value
    found = _from_plain(type_value) or _from_numpy(type_value)
    if found is None:
        raise TypeError(f"Cannot convert {type_value!r} to a TensorFlow DType.")
    return found


def _from_plain(value: Any) -> DType | None:
    if isinstance(value, str):
        base = value.removesuffix("_ref")
        number = _NUMBERS.get(_ALIASES.get(base, base))
        if number is None:
            return None
        return DType(number + _REF_OFFSET * (base != value))
    if isinstance(value, int) and not isinstance(value, bool):
        known = value in _NAMES or value - _REF_OFFSET in _NAMES
        return DType(value) if known else None
    if isinstance(value, type) and value in _PYTHON_TYPES:
        return DType(_NUMBERS[_PYTHON_TYPES[value]])
    return None


def _from_numpy(value: Any) -> DType | None:
    dtype = value if isinstance(value, type) else getattr(value, "dtype", value)
    if isinstance(dtype, DType):
        return dtype
    if isinstance(dtype, type) and issubclass(dtype, np.generic):
        dtype = np.dtype(dtype)
    if not isinstance(dtype, np.dtype):
        return None
    if dtype.kind in "OSU":
        return DType(_NUMBERS["string"])
    number = _NUMBERS.get(dtype.names[0] if dtype.names else dtype.name)
    if number is None or (dtype.names and dtype != DType(number).as_numpy_dtype):
        return None
    return DType(number)
