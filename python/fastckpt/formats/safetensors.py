"""Safetensors, by the library of that name (the extra ``safetensors``)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastckpt.atomic import write_beside
from fastckpt.deferred import importing
from fastckpt.errors import CorruptionError
from fastckpt.formats.lazy_tensors import LazyTensors
from fastckpt.formats.refusals import refuse, refuse_types, require
from fastckpt.urls import source_path

__all__ = ["check", "read", "write"]

_INTEGERS = [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]
_FLOATS = ["float16", "float32", "float64", "bfloat16", "float8_e5m2", "float8_e4m3fn"]
_HELD = frozenset(["bool", *_INTEGERS, *_FLOATS, "complex64"])
_RESERVED = "__metadata__"
_FLOAT8 = {"F8_E5M2": "float8_e5m2", "F8_E4M3": "float8_e4m3fn"}
"""The types that the library writes from NumPy and does not read back to it."""
_OS_ERROR = re.compile(r"\(os error (\d+)\)")
"""How the library words what the operating system says."""


def check(dtypes: Mapping[str, np.dtype[Any] | None]) -> None:
    """Checks that safetensors can hold tensors of these names and types.

    Raises:
        ValueError: It cannot; the tensors are named.
        ImportError: The library is not installed.
    """
    require("safetensors")
    names = [name for name in dtypes if name == _RESERVED or not _is_unicode(name)]
    refuse("safetensors", "such names", names, "rename them")
    refuse_types("safetensors", dtypes, lambda dtype: str(dtype) in _HELD)


def _is_unicode(name: str) -> bool:
    """Tells whether a name can stand in JSON; bytes that are no UTF-8 cannot."""
    return not any("\ud800" <= character <= "\udfff" for character in name)


def write(
    path: str, tensors: Mapping[str, NDArray[Any]], *, fsync: bool = True
) -> None:
    """Writes tensors; arrays are written from where they lie, without a copy.

    Args:
        path: The file; one that exists is replaced when the new one is complete.
            Missing folders are made.
        tensors: All of them are held until the file is written.
        fsync: Whether the file is on the disk when the call returns.

    Raises:
        ValueError: The library is too old for one of the types.
        OSError: The file cannot be written.
        ImportError: The library is not installed.
    """
    require("safetensors")
    with importing:
        from safetensors import SafetensorError
        from safetensors.numpy import save_file

    arrays = {name: np.asarray(tensors[name], order="C") for name in tensors}
    with write_beside(path, fsync) as beside:
        try:
            save_file(arrays, beside)
        except SafetensorError as error:
            if number := _OS_ERROR.search(str(error)):
                raise OSError(int(number[1]), os.strerror(int(number[1]))) from error
            raise ValueError(f"safetensors: {error}") from error


@contextmanager
def read(path: str) -> Iterator[LazyTensors]:
    """Opens a file for a block: a mapping whose arrays are read when asked for.

    Raises:
        CorruptionError: The file is no safetensors file.
        OSError: The file cannot be read.
        ImportError: The library is not installed.
    """
    path = source_path(path)
    require("safetensors")
    with importing:
        from safetensors import SafetensorError, safe_open

    try:
        opened = safe_open(path, framework="np")
    except SafetensorError as error:
        message = f"{path}: no sound safetensors file: {error}"
        raise CorruptionError(message, path=path) from error
    with opened as file:

        def make(name: str) -> NDArray[Any]:
            kind = file.get_slice(name).get_dtype()
            if kind == "BF16":
                with importing:
                    import ml_dtypes  # noqa: F401  the library looks its type up there
            if kind in _FLOAT8:
                return _read_float8(path, name, kind)
            array: NDArray[Any] = file.get_tensor(name)
            return array

        yield LazyTensors(sorted(file.keys()), make)


def _read_float8(path: str, name: str, kind: str) -> NDArray[Any]:
    with importing:
        import ml_dtypes
        from safetensors import deserialize

    with open(path, "rb") as file:
        tensors: dict[str, Any] = dict(deserialize(file.read()))  # type: ignore[no-untyped-call]
    dtype = np.dtype(getattr(ml_dtypes, _FLOAT8[kind]))
    found = np.frombuffer(tensors[name]["data"], dtype)
    shape: list[int] = tensors[name]["shape"]
    return found.reshape(shape)
