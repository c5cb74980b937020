"""What can be saved: values from many libraries, as the native writer takes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np

from fastckpt import _native
from fastckpt.errors import UnsupportedError
from fastckpt.writing.nested_lists import array_of

__all__ = ["Stored", "check_whole", "settled", "stored", "told_size"]

# TensorFlow's quantised types, which NumPy does not name, and their storage.
_STORAGE = {
    "qint8": "int8",
    "quint8": "uint8",
    "qint16": "int16",
    "quint16": "uint16",
    "qint32": "int32",
}

# What the native writer calls a NumPy dtype: NumPy's own name. dtype.name is slow,
# and a hundred thousand tensors have few dtypes.
_names: dict[np.dtype[Any], str] = {}

# NumPy's kinds of text and bytes, and of objects, which may be either.
_STRING_KINDS = "OSUT"

# DLPack's types of devices whose memory is the processor's, too: the CPU itself,
# memory that CUDA and ROCm have pinned, and what CUDA moves to where it is needed.
_MEMORY = (1, 3, 11, 13)

_PLAIN = (bool, int, float, complex, str, bytes)

# What is taken for the size of what does not tell it.
_UNKNOWN_SIZE = 1 << 20


class Stored(NamedTuple):
    """Values and what a checkpoint calls them.

    Attributes:
        dtype: TensorFlow's name of the type.
        values: A NumPy array, a DLPack capsule, or a list of bytes and str.
        shape: The shape of what is in a list; otherwise None, the values know.
        nbytes: About how much memory they take.
    """

    dtype: str
    values: Any
    shape: tuple[int, ...] | None
    nbytes: int


def stored(name: str, value: Any, tf_dtype: str | None = None) -> Stored:
    """Gives a value in the form that the native writer takes, without a copy.

    Args:
        name: The tensor's name, for messages.
        value: Anything with the array interface or DLPack; numbers, str, bytes and
            nested lists of them; arrays of str or bytes, where those of a fixed width
            have no NUL bytes at their ends, as NumPy reads them.
        tf_dtype: TensorFlow's name of the type, where NumPy has none ("qint8").

    Raises:
        TypeError: The value is none of these.
        UnsupportedError: ``tf_dtype`` has no form in a checkpoint.
        ValueError: ``tf_dtype`` cannot be stored as what the value is; elements are
            masked, or values have a unit.
    """
    size = told_size(value)
    if type(value) is not np.ndarray:
        value = _array_or_capsule(name, value)
    if not isinstance(value, np.ndarray):
        nbytes = _UNKNOWN_SIZE if size is None else size
        found = Stored(_native.dlpack_dtype(value), value, None, nbytes)
    elif value.dtype.kind in _STRING_KINDS:
        elements = value.ravel().tolist()
        found = Stored("string", elements, value.shape, _size_of(elements))
    else:
        found = Stored(_name_of(value.dtype), value, None, value.nbytes)
    if tf_dtype is None or tf_dtype == found.dtype:
        return found
    _check_storage(name, tf_dtype, found.dtype)
    return found._replace(dtype=tf_dtype)


def told_size(value: Any) -> int | None:
    """Gives the bytes that a value says it has; None where it says nothing."""
    try:
        size = getattr(value, "nbytes", None)
    except Exception:  # torch's of sparse tensors is a RuntimeError
        return None
    return size if isinstance(size, int) else None


def _size_of(elements: Iterable[Any]) -> int:
    """About how much memory strings take."""
    return sum(64 + len(it) for it in elements if isinstance(it, str | bytes))


def _array_or_capsule(name: str, value: Any) -> Any:
    if isinstance(value, str | bytes):  # NumPy's own too, of which it strips NUL bytes
        return array_of(name, [value]).reshape(())
    if isinstance(value, bool | int | float | complex):
        return np.asarray(value)
    if isinstance(value, list | tuple):
        return _array_of_list(name, value)
    _check_kept(name, value)
    if isinstance(value, np.ndarray | np.generic):
        return np.asarray(value)
    if _has_export(value):
        capsule = _capsule_of(value)
        if capsule is not None:
            return capsule
    elif isinstance(value, Sequence) and not isinstance(value, bytearray | memoryview):
        return _array_of_list(name, list(value))
    try:
        made = np.asanyarray(value)
        array = np.asarray(made)
    except (TypeError, ValueError, RuntimeError) as error:
        raise TypeError(f"tensor {name!r}: {error}") from error
    _check_kept(name, made)  # which the value need not show
    if array.dtype == object and array.ndim == 0:
        if (device := _device_of(value)) not in (None, *_MEMORY):
            raise ValueError(
                f"tensor {name!r}: it lies on a device (DLPack's type {device}) and "
                "gives NumPy no array; copy it to the CPU first"
            )
        raise TypeError(
            f"tensor {name!r}: a value of type {type(value).__name__} cannot be saved; "
            "give an array, a number, str, bytes or a list of them"
        )
    return array


def _array_of_list(name: str, value: Sequence[Any]) -> np.ndarray[Any, Any]:
    check_whole(name, value)
    return array_of(name, value)


def check_whole(name: str, value: Any) -> None:
    """Refuses values of which something would be lost as an array, lists of them too.

    Raises:
        ValueError: As ``stored``.
    """
    waiting, seen = [value], set()
    while waiting:
        value = waiting.pop()
        if not isinstance(value, list | tuple):
            _check_one(name, value)
        elif id(value) not in seen:  # a list may be in itself
            seen.add(id(value))
            waiting += [it for it in value if not isinstance(it, _PLAIN)]


def _check_one(name: str, value: Any) -> None:
    _check_kept(name, value)
    is_array = isinstance(value, np.ndarray | np.generic)
    if not is_array and hasattr(value, "__array__") and not _has_export(value):
        made = None
        with suppress(TypeError, ValueError, RuntimeError):  # who needs it says so
            made = np.asanyarray(value)
        _check_kept(name, made)


def _check_kept(name: str, value: Any) -> None:
    """Refuses a value that is more than numbers.

    Raises:
        ValueError: Elements are masked, values have a unit, columns are of several
            dtypes.
    """
    if hasattr(value, "filled") and np.asarray(value.mask).tobytes().strip(b"\0"):
        raise ValueError(
            f"tensor {name!r}: elements are masked, and a checkpoint keeps no masks; "
            "give array.filled(VALUE), or save array.mask as a tensor beside array.data"
        )
    unit = getattr(value, "unit", None) or getattr(value, "units", None)
    if unit is not None and isinstance(getattr(value, "shape", None), tuple):
        raise ValueError(
            f"tensor {name!r}: its values are in {unit}, and a checkpoint keeps no "
            "units; give the bare numbers"
        )
    dtypes = getattr(value, "dtypes", None)
    if isinstance(dtypes, Iterable) and len(set(map(str, dtypes))) > 1:
        raise ValueError(
            f"tensor {name!r}: its columns are of several dtypes, and would become "
            "one; save each as a tensor"
        )


def _has_export(value: Any) -> bool:
    """Tells whether to ask a value for DLPack, which NumPy's own arrays need not."""
    if not hasattr(value, "__dlpack__") or hasattr(value, "__array_interface__"):
        return False
    # TensorFlow ends the process where it is asked for DLPack of such a tensor.
    dtype = getattr(value, "dtype", None)
    if getattr(dtype, "name", None) in ("string", "resource", "variant"):
        return False
    # What lies elsewhere may still give NumPy a copy.
    return _device_of(value) in (None, *_MEMORY)


def _device_of(value: Any) -> int | None:
    """Gives the type of the device on which an array lies; None if it does not say."""
    try:
        return int(value.__dlpack_device__()[0])
    except Exception:  # there is none, or each library's own
        return None


def settled(value: Any) -> Any:
    """Gives a tensor of PyTorch as it gives its numbers away; others as they are."""
    if getattr(value, "requires_grad", False):
        value = value.detach()
    for lazily in ("conj", "neg"):  # what PyTorch has not yet done to the numbers
        if is_pending := getattr(value, f"is_{lazily}", None):
            value = getattr(value, f"resolve_{lazily}")() if is_pending() else value
    return value


def _capsule_of(value: Any) -> Any:
    """Exports by DLPack; None if the producer does not know how to."""
    value = settled(value)
    for options in ({"max_version": (1, 0)}, {}):
        try:
            return value.__dlpack__(**options)
        except Exception:  # each library raises its own
            continue
    return None


def _name_of(dtype: np.dtype[Any]) -> str:
    name = _names.get(dtype)
    if name is None:
        name = _names[dtype] = dtype.name
    return name


def _check_storage(name: str, tf_dtype: str, found: str) -> None:
    if tf_dtype in ("resource", "variant"):
        raise UnsupportedError(
            f"tensor {name!r}: values of tf_dtype {tf_dtype!r} cannot be stored"
        )
    storage = _STORAGE.get(tf_dtype, tf_dtype)
    if storage != found:
        raise ValueError(
            f"tensor {name!r}: tf_dtype {tf_dtype!r} is stored as {storage}, not as "
            f"{found}; convert the values first"
        )
