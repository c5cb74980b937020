"""From one dtype to another, where that loses no more than precision."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["DType", "cast", "check_cast", "is_floating", "to_dtype"]

DType = str | np.dtype[Any] | type[Any]
"""What names a dtype: ``"bfloat16"``, ``np.float32``, a ``numpy.dtype``."""

_KINDS = {"bool": 0, "int": 1, "uint": 1, "float": 2, "bfloat": 2, "complex": 3}
"""How a dtype's name begins, and how wide its kind is: casts go up or stay."""


def to_dtype(dtype: DType) -> np.dtype[Any]:
    """Gives a NumPy dtype; the names that ml_dtypes brings are known too.

    Raises:
        TypeError: It names no dtype.
    """
    try:
        return np.dtype(dtype)
    except TypeError:
        import ml_dtypes

        found = getattr(ml_dtypes, str(dtype), None)
        if not (isinstance(found, type) and issubclass(found, np.generic)):
            raise TypeError(f"{dtype!r} is no dtype of numbers") from None
        return np.dtype(found)


def _kind(dtype: np.dtype[Any]) -> int | None:
    for beginning, kind in _KINDS.items():
        if dtype.name.startswith(beginning):
            return kind
    return None


def is_floating(dtype: np.dtype[Any] | None) -> bool:
    """Tells whether a dtype is of real floating-point numbers of whatever size."""
    return dtype is not None and _kind(dtype) == _KINDS["float"]


def check_cast(name: str, source: np.dtype[Any] | None, target: np.dtype[Any]) -> None:
    """Checks that values of one dtype may become another.

    Floats do not become integers, and complex numbers no floats: that would drop
    what they are about. Strings are no numbers.

    Raises:
        ValueError: They may not; the tensor is named.
    """
    old = None if source is None else _kind(source)
    new = _kind(target)
    if old is None or new is None or new < old:
        raise ValueError(f"tensor {name!r}: {source} does not become {target}")


def cast(name: str, array: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Gives an array in another dtype, as a copy.

    Raises:
        ValueError: Integers do not fit.

    Warns:
        RuntimeWarning: Finite floats were too large and became infinite or NaN; how
            many, in which tensor.
    """
    with np.errstate(all="ignore"):
        result = array.astype(dtype)
    if _kind(dtype) == _KINDS["int"]:
        lost = np.count_nonzero(result.astype(array.dtype) != array)
        if lost:
            raise ValueError(f"tensor {name!r}: {lost:,} numbers do not fit {dtype}")
    elif is_floating(dtype):
        lost = np.count_nonzero(~np.isfinite(result))
        lost -= np.count_nonzero(~np.isfinite(array))
        if lost > 0:
            message = f"tensor {name!r}: {lost:,} numbers are too large for {dtype}"
            warnings.warn(message, RuntimeWarning, stacklevel=2)
    return result
