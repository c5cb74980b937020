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

__all__ = ["ArrayInfo", "LazyTensors", "name_dtype"]


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
        io: How its bytes are read.
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
    ) -> None:
        self.path = path
        self.io = "read"
        self.format = format
        self.metadata = dict(metadata or {})
        self._infos = dict(infos)
        self._make = make
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
        """Gives a part of an array, all of which is read.

        Raises:
            KeyError: There is none of this name.
            IndexError: The region is none of it.
        """
        array = self[name]
        return array if region is None else np.asarray(array[region])

    def __iter__(self) -> Iterator[str]:
        return iter(self._infos)

    def __len__(self) -> int:
        return len(self._infos)
