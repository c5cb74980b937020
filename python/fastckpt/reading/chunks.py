"""Tensors a few chunks at a time, however large they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fastckpt._native import crc32c
from fastckpt.errors import CorruptionError
from fastckpt.reading.checkpoint import Checkpoint
from fastckpt.reading.steady import read_steadily

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastckpt._native import TensorInfo

__all__ = ["ChunkReader", "Chunked", "bytes_of", "chunked", "regions_of"]

# Some, for what is done with them takes as much again; large enough that a disk, a
# checksum and a cast run at full speed.
_CHUNK_BYTES = 8 << 20


class Chunked(NamedTuple):
    """An array whose values are made a chunk at a time.

    Attributes:
        dtype: The values' dtype.
        shape: The whole array's shape.
        make: Gives the chunks: arrays that are all values in C order, end to end.
    """

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    make: Callable[[], Iterator[NDArray[Any]]]

    @property
    def nbytes(self) -> int:
        """How many bytes all values are."""
        count = 1
        for size in self.shape:
            count *= size
        return count * self.dtype.itemsize


def chunked(array: NDArray[Any] | Chunked) -> Chunked:
    """Gives an array that is there, in chunks of the processor's byte order."""
    if isinstance(array, Chunked):
        return array
    array = np.asarray(array)
    dtype = array.dtype
    if dtype.byteorder == ">":
        dtype = dtype.newbyteorder("=")

    def make() -> Iterator[NDArray[Any]]:
        for region in regions_of(array.shape, _most(dtype)):
            yield np.asarray(array[region], dtype, order="C")

    return Chunked(dtype, array.shape, make)


def bytes_of(chunk: NDArray[Any]) -> memoryview:
    """Gives the bytes of a chunk, of types too that have no buffers."""
    return np.ascontiguousarray(chunk).reshape(-1).view(np.uint8).data


def _most(dtype: np.dtype[Any]) -> int:
    return max(_CHUNK_BYTES // max(dtype.itemsize, 1), 1)


def regions_of(shape: Sequence[int], most: int) -> Iterator[tuple[slice, ...]]:
    """Cuts an array into regions of neighbours, none of many more elements than most.

    Axes are whole from the last one on for as long as that is few enough; the one
    before them is cut, and of those before it each region has one index.
    """
    whole, axis = 1, len(shape)
    while axis and whole * shape[axis - 1] <= most:
        axis -= 1
        whole *= shape[axis]
    if not axis or 0 in shape:
        yield (slice(None),) * len(shape)
        return
    axis -= 1
    rows = max(most // max(whole, 1), 1)
    rest = (slice(None),) * (len(shape) - axis - 1)
    for at in product(*map(range, shape[:axis])):
        first = tuple(slice(index, index + 1) for index in at)
        for start in range(0, shape[axis], rows):
            yield (*first, slice(start, start + rows), *rest)


class ChunkReader:
    """Reads tensors of a checkpoint in chunks; what is read was checked at the end.

    A region of a stored piece makes the reader check the whole piece, each time. So a
    large one is read unchecked here, and its checksum is computed on the way; a chunk
    is worth nothing before the last one was handed out.

    Args:
        checkpoint: An open checkpoint.
        threads: How many threads read; None: one for each CPU.

    Attributes:
        checkpoint: That one.
    """

    def __init__(self, checkpoint: Checkpoint, threads: int | None = None) -> None:
        self.checkpoint = checkpoint
        self._threads = threads

    def chunked(self, info: TensorInfo) -> Chunked:
        """Gives a tensor of numbers.

        Its chunks raise CorruptionError, the last one too late to be of use, where the
        bytes do not fit their checksum. A tensor of V1, and one of a big-endian
        checkpoint, is read whole.
        """
        assert info.dtype is not None
        return Chunked(info.dtype, tuple(info.shape), lambda: self._make(info))

    def _make(self, info: TensorInfo) -> Iterator[NDArray[Any]]:
        assert info.dtype is not None
        most = _most(info.dtype)
        size = info.nbytes or 0
        if size <= _CHUNK_BYTES or self.checkpoint.format == "v1":
            yield from chunked(self._read(info.name)).make()
        elif info.slices:
            for region in regions_of(info.shape, most):
                yield self._read(info.name, region)
        elif self._is_swapped(info):
            yield from chunked(self._read(info.name)).make()
        else:
            yield from self._make_checked(info, most)

    def _is_swapped(self, info: TensorInfo) -> bool:
        return self.checkpoint.layout(info.name).dtype.byteorder == ">"

    def _make_checked(self, info: TensorInfo, most: int) -> Iterator[NDArray[Any]]:
        checksum = 0
        for region in regions_of(info.shape, most):
            chunk = self._read(info.name, region, check=False)
            checksum = crc32c(bytes_of(chunk), checksum)
            yield chunk
        if checksum != info.crc32c:
            self._read(info.name)  # which says better what is wrong
            raise CorruptionError(
                f"tensor {info.name!r}: stored checksum {info.crc32c:#010x}, computed "
                f"{checksum:#010x}; the file changed while it was read, try again",
                tensor=info.name,
            )

    def _read(
        self,
        name: str,
        region: tuple[slice, ...] | None = None,
        check: bool = True,
    ) -> NDArray[Any]:
        """Gives a copy, so that a file that is cut meanwhile is an error."""
        return read_steadily(self.checkpoint, name, region, self._threads, check=check)
