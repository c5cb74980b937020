"""What proves that the right bytes were loaded."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

try:
    from google_crc32c import value as _crc
except ImportError:  # who measures a file of his own may lack it
    from zlib import crc32 as _crc

__all__ = ["crc32c", "of_arrays", "of_listing", "of_strings"]


def crc32c(array: np.ndarray) -> int:
    """Gives the CRC32C of an array's bytes in C order, not by our own routine; without
    google-crc32c another CRC, which proves as much within one run."""
    flat = np.ascontiguousarray(array).reshape(-1)
    return int(_crc(flat.view(np.uint8)))


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
        digest.update(line.encode("utf-8", "surrogatepass") + b"\n")
    return digest.hexdigest()
