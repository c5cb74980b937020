"""NumPy's dtypes as torch has them, and back: which have a form, and which one."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastckpt.base.cast import DType, to_dtype
from fastckpt.base.deferred import importing

__all__ = ["array_of", "find_numpy", "has_form", "tensor_of", "to_name"]

_SHARED = frozenset(
    {
        *("bool", "int8", "int16", "int32", "int64"),
        *("uint8", "uint16", "uint32", "uint64"),
        *("float16", "float32", "float64", "complex64", "complex128"),
    }
)
"""What torch and NumPy call alike and hand each other."""

_BITS = {
    "bfloat16": "int16",
    "float8_e4m3fn": "uint8",
    "float8_e4m3fnuz": "uint8",
    "float8_e5m2": "uint8",
    "float8_e5m2fnuz": "uint8",
}
"""What both call alike, but hand each other only as bits of that type."""

_WIDENED = {"int4": "int8", "int2": "int8", "uint4": "uint8", "uint2": "uint8"}
"""Integers below a byte, with which torch does not reckon."""


def has_form(dtype: np.dtype[Any] | None) -> bool:
    """Tells whether torch can hold values of a dtype; None: of what NumPy cannot."""
    return dtype is not None and any(
        dtype.name in known for known in (_SHARED, _BITS, _WIDENED)
    )


def tensor_of(array: np.ndarray[Any, Any]) -> Any:
    """Gives a tensor over an array's memory, which is to be writable.

    Of integers below a byte it is a wider COPY: the same numbers.

    REQUIRES: has_form(array.dtype), in this machine's byte order.
    """
    with importing:
        import torch

    name = array.dtype.name
    if name in _WIDENED:
        return torch.from_numpy(array.astype(_WIDENED[name]))
    if name in _BITS:
        return torch.from_numpy(array.view(_BITS[name])).view(getattr(torch, name))
    return torch.from_numpy(array)


def array_of(tensor: Any) -> np.ndarray[Any, Any] | None:
    """Gives an array over the memory of a dense tensor on the CPU, of any strides.

    None: its type has no form in a checkpoint.
    """
    with importing:
        import torch

    name = str(to_name(tensor.dtype))
    if name in _BITS:
        bits = tensor.view(getattr(torch, _BITS[name])).numpy()
        return bits.view(to_dtype(name))  # type: ignore[no-any-return]
    return tensor.numpy() if name in _SHARED else None


def find_numpy(dtype: Any) -> np.dtype[Any] | None:
    """Gives what NumPy has for a torch.dtype; None: its type has no form there."""
    with importing:
        import torch

    array = array_of(torch.empty(0, dtype=dtype))
    return None if array is None else array.dtype


def to_name(dtype: Any) -> DType:
    """Gives what NumPy calls a dtype of torch, given as such or by a name of torch's.

    What is neither is given back: a name or dtype of NumPy's.
    """
    with importing:
        import torch

    found = getattr(torch, dtype, dtype) if isinstance(dtype, str) else dtype
    if isinstance(found, torch.dtype):
        return str(found).removeprefix("torch.")
    return dtype  # type: ignore[no-any-return]
