"""Arrays by name, each made when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastckpt.base.names import missing

__all__ = ["ArrayInfo", "LazyTensors"]


class ArrayInfo(NamedTuple):
    """What a file's header says about an array, as ``TensorInfo`` words it."""

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    tf_dtype: None = None
    slices: tuple[()] = ()
    problem: None = None

    @property
    def nbytes(self) -> int:
        """How many bytes the values are."""
        count = self.dtype.itemsize
        for size in self.shape:
            count *= size
        return count


class LazyTensors(Mapping[str, NDArray[Any]]):
    """A mapping that keeps no array, so that memory holds one at a time.

    Attributes:
        format: Of the file: "npz", "safetensors".
        metadata: What it says beside its arrays.
    """

    def __init__(
        self,
        format: str,
        infos: Mapping[str, ArrayInfo],
        make: Callable[[str], NDArray[Any]],
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        self.format = format
        self.metadata = dict(metadata or {})
        self._infos = dict(infos)
        self._make = make

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
        return self._make(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._infos)

    def __len__(self) -> int:
        return len(self._infos)
