"""Which tensors are loaded by everybody: told beforehand to those who must know."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from benchmarks.data.folder import Data

__all__ = ["Wanted", "dtype_of", "touch", "wanted_of"]


class Wanted(NamedTuple):
    """A tensor, and where its bytes lie if they lie in one piece."""

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    file: str
    offset: int

    @property
    def nbytes(self) -> int:
        return int(np.prod(self.shape, dtype=np.int64)) * self.dtype.itemsize


def dtype_of(name: str) -> np.dtype[Any]:
    """Gives a dtype by its name, of ml_dtypes too."""
    try:
        return np.dtype(name)
    except TypeError:
        import ml_dtypes

        return np.dtype(getattr(ml_dtypes, name))


def wanted_of(data: Data, entry: str) -> list[Wanted]:
    """Gives the tensors of an entry, in the order in which they are wanted."""
    listed = data.entry(entry).get("wanted")
    if listed is None:
        float32, file = np.dtype(np.float32), data.file(entry)
        return [
            Wanted(name, float32, shape, file, offset)
            for name, (offset, shape) in data.places(entry).items()
        ]
    return [
        Wanted(name, dtype_of(dtype), tuple(shape), file, offset)
        for name, dtype, shape, file, offset in listed
    ]


def touch(array: np.ndarray) -> int:
    """Reads every byte of an array, in the same way for everybody: the sum of its
    8-byte words, modulo 2^64."""
    flat = array.reshape(-1).view(np.uint8)
    whole = len(flat) // 8 * 8
    words = int(np.add.reduce(flat[:whole].view(np.uint64)))
    return words + int(flat[whole:].sum())
