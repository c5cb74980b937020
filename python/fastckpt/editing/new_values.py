"""Values that are set anew, of the dtype and shape of what they replace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fastckpt.base.cast import check_exact, count_lost
from fastckpt.reading.results import TensorInfo
from fastckpt.writing.nested_lists import array_of
from fastckpt.writing.storable import check_whole, settled

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
        ValueError: The value has another dtype or shape, or elements that are masked;
            its dtype does not hold its numbers: a floating number may be rounded, a
            whole one may not, beside floating ones neither.
        TypeError: The value is no array, or the tensor has no form in NumPy.
    """
    name, dtype = info.name, info.dtype
    if dtype is None:
        raise TypeError(f"tensor {name!r}: {info.tf_dtype} has no values in NumPy")
    check_whole(name, value)
    if dtype.kind == "O":
        array = _strings(name, value)
    elif hasattr(value, "dtype"):
        array = _array(name, value)
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


def _array(name: str, value: Any) -> NDArray[Any]:
    try:
        return np.asarray(settled(value))
    except (TypeError, ValueError, RuntimeError) as error:
        raise TypeError(f"tensor {name!r}: {error}; give a NumPy array") from error


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
    is_whole = dtype.kind in "biu" or str(dtype).startswith(("int", "uint"))
    try:
        given = np.asarray(value)
        if given.dtype.kind == "f" and dtype.kind in "iu":
            given = _large_integers(value, dtype, given)
        if given.dtype.kind not in "biufc":
            raise TypeError(f"tensor {name!r}: {value!r} are no numbers")
        with np.errstate(all="ignore"):
            array = given.astype(dtype)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"tensor {name!r}: {error}") from None
    if dtype.kind != "b":
        _check_no_bools(name, value, dtype)
    if not is_whole and given.dtype.kind in "iu":
        check_exact(name, given, array)
    elif not (_is_same(array, given) if is_whole else _is_near(array, given)):
        raise ValueError(f"tensor {name!r}: {dtype} does not hold {value!r}")
    elif not is_whole:
        _check_whole_ones(name, value, dtype)
    return array


def _large_integers(
    value: Any, dtype: np.dtype[Any], given: NDArray[Any]
) -> NDArray[Any]:
    """Gives integers of which NumPy makes floats because some fit no signed type."""
    elements = np.asarray(value, object).ravel().tolist()
    is_exact = all(isinstance(it, int | np.integer) for it in elements)
    return np.asarray(value, dtype) if is_exact else given


def _check_no_bools(name: str, value: Any, dtype: np.dtype[Any]) -> None:
    """Checks that nothing is True or False, which beside numbers NumPy takes for 1."""
    if isinstance(value, list | tuple):
        for element in value:
            _check_no_bools(name, element, dtype)
    elif isinstance(value, bool | np.bool_):
        raise ValueError(f"tensor {name!r}: {dtype} does not hold {value!r}")


def _check_whole_ones(name: str, value: Any, dtype: np.dtype[Any]) -> None:
    """Checks the whole numbers beside floating ones, which NumPy makes floats of."""
    if isinstance(value, list | tuple):
        for element in value:
            _check_whole_ones(name, element, dtype)
    elif isinstance(value, int | np.integer) and not isinstance(value, bool):
        with np.errstate(all="ignore"):
            array = np.asarray(int(value)).astype(dtype)
        check_exact(name, np.asarray(value), array)


def _is_same(array: NDArray[Any], given: NDArray[Any]) -> bool:
    if given.dtype.kind not in "biu" or (array.dtype == bool) != (given.dtype == bool):
        return not given.size
    return bool(np.all(array.astype(object) == given.astype(object)))


def _is_near(array: NDArray[Any], given: NDArray[Any]) -> bool:
    """Tells whether numbers were only rounded, and kept their imaginary part."""
    if given.dtype.kind == "c" and array.dtype.kind != "c":
        return False
    return not count_lost(given, array)
