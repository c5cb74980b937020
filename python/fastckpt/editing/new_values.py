"""Values that are set anew, of the dtype and shape of what they replace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fastckpt.base.cast import check_exact
from fastckpt.reading.results import TensorInfo
from fastckpt.writing.nested_lists import array_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastckpt.formats.lazy_tensors import ArrayInfo

__all__ = ["check_new_value"]


def check_new_value(info: TensorInfo | ArrayInfo, value: Any) -> NDArray[Any]:
    """Gives a value as an array that can take a tensor's place.

    Args:
        info: The tensor.
        value: An array of its dtype, or numbers, str, bytes and nested lists of them
            that its dtype holds.

    Raises:
        ValueError: The value has another dtype or shape, or its dtype does not hold
            its numbers; a floating number may be rounded, a whole one may not.
        TypeError: The value is no array, or the tensor has no form in NumPy.
    """
    name, dtype = info.name, info.dtype
    if dtype is None:
        raise TypeError(f"tensor {name!r}: {info.tf_dtype} has no values in NumPy")
    if dtype.kind == "O":
        array = _strings(name, value)
    elif hasattr(value, "dtype"):
        array = np.asarray(value)
        if array.dtype != dtype:
            raise ValueError(f"tensor {name!r} is {dtype}, its new value {array.dtype}")
    else:
        array = _numbers(name, value, dtype)
    if array.shape != tuple(info.shape):
        raise ValueError(
            f"tensor {name!r} has shape {tuple(info.shape)}, its new value "
            f"{array.shape}"
        )
    return array


def _strings(name: str, value: Any) -> NDArray[Any]:
    is_one = isinstance(value, str | bytes)
    array = array_of(name, [value] if is_one else value)
    if array.dtype.kind not in "OSU":
        raise ValueError(f"tensor {name!r} is of strings, its new value {array.dtype}")
    elements = [
        it.encode("utf-8", "surrogateescape") if isinstance(it, str) else bytes(it)
        for it in array.ravel().tolist()
    ]
    strings = np.empty(len(elements), object)
    strings[:] = elements
    return strings.reshape(() if is_one else array.shape)


def _numbers(name: str, value: Any, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Gives numbers as an array; whole ones are exactly those given."""
    given = np.asarray(value)
    if given.dtype.kind not in "biufc":
        raise TypeError(f"tensor {name!r}: {value!r} are no numbers")
    try:
        with np.errstate(all="ignore"):
            array = given.astype(dtype)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"tensor {name!r}: {error}") from None
    is_whole = dtype.kind in "biu" or str(dtype).startswith(("int", "uint"))
    if not is_whole and given.dtype.kind in "iu":
        check_exact(name, given, array)
    elif not (_is_same(array, given) if is_whole else _is_near(array, given)):
        raise ValueError(f"tensor {name!r}: {dtype} does not hold {value!r}")
    return array


def _is_same(array: NDArray[Any], given: NDArray[Any]) -> bool:
    if given.dtype.kind not in "biu" or (array.dtype == bool) != (given.dtype == bool):
        return not given.size
    return bool(np.all(array.astype(object) == given.astype(object)))


def _is_near(array: NDArray[Any], given: NDArray[Any]) -> bool:
    """Tells whether nothing became infinite or NaN, or lost its imaginary part."""
    if given.dtype.kind == "c" and array.dtype.kind != "c":
        return False
    return bool(np.all(np.isfinite(array) | ~np.isfinite(given)))
