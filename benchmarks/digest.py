"""What proves that the right bytes were loaded."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import google_crc32c
import numpy as np

__all__ = ["crc32c", "of_arrays", "of_listing", "of_strings"]


def crc32c(array: np.ndarray) -> int:
    """Gives the CRC32C of an array's bytes in C order, not by our own routine."""
    flat = np.ascontiguousarray(array).reshape(-1)
    return int(google_crc32c.value(flat.view(np.uint8)))


def of_arrays(arrays: Mapping[str, np.ndarray]) -> str:
    """Gives a digest of names, dtypes, shapes and bytes."""
    return _of(
        f"{name}|{array.dtype}|{array.shape}|{crc32c(array)}"
        for name, array in arrays.items()
    )


def of_listing(rows: Iterable[tuple[str, Any, Iterable[int]]]) -> str:
    """Gives a digest of (name, dtype, shape) rows."""
    return _of(f"{name}|{dtype}|{tuple(shape)}" for name, dtype, shape in rows)


def of_strings(arrays: Mapping[str, np.ndarray]) -> str:
    """Gives a digest of string tensors' names, shapes and elements."""
    return _of(
        f"{name}|{array.shape}|{array.reshape(-1).tolist()}"
        for name, array in arrays.items()
    )


def _of(lines: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for line in sorted(lines):
        digest.update(line.encode() + b"\n")
    return digest.hexdigest()
