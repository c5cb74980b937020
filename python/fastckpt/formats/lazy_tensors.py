"""Arrays by name, each made when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastckpt.base.names import missing

if TYPE_CHECKING:
    from fastckpt._native import TensorInfo

__all__ = ["ArrayInfo", "LazyTensors", "Rows", "name_dtype"]


class Rows(NamedTuple):
    """Rows of an array, one after the other."""

    start: int
    stop: int


class ArrayInfo(NamedTuple):
    """What a file's header says about an array, as ``TensorInfo`` words it."""

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    tf_dtype: None = None
    slices: tuple[()] = ()
    problem: None = None
    shard: None = None
    offset: None = None
    crc32c: None = None
    is_view: bool = False

    @property
    def nbytes(self) -> int:
        """How many bytes the values are."""
        count = self.dtype.itemsize
        for size in self.shape:
            count *= size
        return count


def name_dtype(info: TensorInfo | ArrayInfo) -> str:
    """Gives TensorFlow's name of a type, or NumPy's of what has none there."""
    return info.tf_dtype or str(info.dtype)


class LazyTensors(Mapping[str, NDArray[Any]]):
    """A mapping that keeps no array, so that memory holds one at a time.

    Attributes:
        path: The file.
        io: How its bytes are read: "read", or "remote".
        format: Of the file: "npz", "safetensors".
        metadata: What it says beside its arrays.
    """

    def __init__(
        self,
        path: str,
        format: str,
        infos: Mapping[str, ArrayInfo],
        make: Callable[[str], NDArray[Any]],
        metadata: Mapping[str, str] | None = None,
        *,
        is_remote: bool = False,
        make_rows: Callable[[str, Rows], NDArray[Any]] | None = None,
    ) -> None:
        self.path = path
        self.io = "remote" if is_remote else "read"
        self.format = format
        self.metadata = dict(metadata or {})
        self._infos = dict(infos)
        self._make = make
        self._make_rows = make_rows
        # A file has one place at which it is read.
        self._lock = Lock()

    def info(self, name: str) -> ArrayInfo:
        """Gives dtype and shape of an array, which is not read.

        Raises:
            KeyError: There is none; the message names the closest.
        """
        if name not in self._infos:
            raise missing(name, lambda: sorted(self._infos))
        return self._infos[name]

    def infos(self) -> list[ArrayInfo]:
        """Gives dtypes and shapes of all arrays."""
        return list(self._infos.values())

    def __getitem__(self, name: str) -> NDArray[Any]:
        if name not in self._infos:
            raise missing(name, lambda: sorted(self._infos))
        with self._lock:
            return self._make(name)

    def read(self, name: str, region: Any = None) -> NDArray[Any]:
        """Gives a part of an array: of its rows those alone are read that hold it.

        (Of a format that has no rows to be read, all of it is.)

        Raises:
            KeyError: There is none of this name.
            IndexError: The region is none of it.
        """
        if region is None:
            return self[name]
        info = self.info(name)
        # Raises what the array would; it takes no memory.
        np.broadcast_to(np.zeros((), info.dtype), info.shape)[region]
        found = _rows_of(region, info.shape) if self._make_rows else None
        if found is None or self._make_rows is None:
            return np.asarray(self[name][region])
        rows, within = found
        with self._lock:
            return np.asarray(self._make_rows(name, rows)[within])

    def __iter__(self) -> Iterator[str]:
        return iter(self._infos)

    def __len__(self) -> int:
        return len(self._infos)


def _rows_of(region: Any, shape: tuple[int, ...]) -> tuple[Rows, Any] | None:
    """Gives the rows that hold a region, and the region within these.

    None where its first index is neither a number nor a slice.
    """
    if region == ():
        return None
    first, *others = region if isinstance(region, tuple) else (region,)
    if not shape or isinstance(first, bool | np.bool_):
        return None
    if isinstance(first, int | np.integer):
        row = int(first) + (shape[0] if first < 0 else 0)
        return Rows(row, row + 1), (0, *others)
    if not isinstance(first, slice):
        return None
    taken = range(*first.indices(shape[0]))
    if not taken:
        return Rows(0, 0), (slice(0, 0), *others)
    low, high = min(taken[0], taken[-1]), max(taken[0], taken[-1])
    steps = slice(None, None, taken.step)
    return Rows(low, high + 1), (steps, *others)
