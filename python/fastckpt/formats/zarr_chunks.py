"""How a stored tensor is cut into the chunks of a Zarr array, each a run of its bytes.

Chunks of a Zarr array are all of one shape, those at its ends included; and one that is
a run of stored bytes lies in one piece, is whole in the axes behind some axis, and one
index wide in those before it.

Source: Zarr storage specification, version 2 ("Chunks").
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from math import gcd, isqrt, prod
from typing import NamedTuple

from fastckpt.reading.results import TensorLayout

__all__ = ["ChunkPlace", "choose_chunks", "place_chunks"]

_LARGE = 16 << 20
"""A tensor of more bytes is cut."""
_BEST = 8 << 20
"""What chunks are to come near to: few requests, and little memory for each."""
_MOST_CHUNKS = 100_000
"""Of one tensor; a reader asks for them one by one."""
_MOST_TRIED = 1 << 16
"""Of divisors: what an index says of a tensor's length is not worth a minute."""


class ChunkPlace(NamedTuple):
    """Where a chunk lies.

    Attributes:
        key: What Zarr calls it: ``"3.0"``.
        file: The file's path or URL.
        offset: The first byte in the file.
        nbytes: Its size in bytes.
    """

    key: str
    file: str
    offset: int
    nbytes: int


def choose_chunks(layout: TensorLayout) -> tuple[int, ...] | None:
    """Gives the shape of a tensor's chunks, of which each axis has a whole number.

    A tensor that is stored in one piece, and is not large, is one chunk.

    Returns:
        The shape; None where its pieces have so little in common that there would be
        more chunks than anybody wants.
    """
    size = prod(layout.shape) * layout.dtype.itemsize
    if not size or (len(layout.pieces) == 1 and size <= _LARGE):
        return tuple(max(length, 1) for length in layout.shape)
    count = prod(layout.shape)
    return min(
        (it for it in _possible(layout) if count <= _MOST_CHUNKS * prod(it)),
        key=lambda chunks: _badness(prod(chunks) * layout.dtype.itemsize),
        default=None,
    )


def _badness(nbytes: int) -> float:
    return max(nbytes, _BEST) / min(nbytes, _BEST)


def _possible(layout: TensorLayout) -> Iterator[tuple[int, ...]]:
    """Gives the shapes of chunks that are runs of bytes, whatever piece they lie in."""
    behind: tuple[int, ...] = ()
    for axis in reversed(range(len(layout.shape))):
        begins = {piece.begin[axis] for piece in layout.pieces}
        extents = {piece.extent[axis] for piece in layout.pieces}
        step = gcd(layout.shape[axis], *begins, *extents)
        for rows in _divisors(step):
            yield (*(1,) * axis, rows, *behind)
        if extents != {step}:
            return  # some piece has several chunks beside each other here
        behind = (step, *behind)


def _divisors(number: int) -> Iterator[int]:
    """Gives the divisors of a number; of one beyond 2**32 the small and large ones."""
    for divisor in range(1, min(isqrt(number), _MOST_TRIED) + 1):
        if number % divisor == 0:
            yield divisor
            yield number // divisor


def place_chunks(layout: TensorLayout, chunks: tuple[int, ...]) -> Iterator[ChunkPlace]:
    """Gives the places of all chunks of a tensor.

    Args:
        layout: Where the tensor's pieces lie.
        chunks: What `choose_chunks` chose for it.
    """
    nbytes = prod(chunks) * layout.dtype.itemsize
    for piece in layout.pieces if 0 not in layout.shape else ():
        firsts, counts = (
            [length // size for length, size in zip(lengths, chunks, strict=True)]
            for lengths in (piece.begin, piece.extent)
        )
        assert prod(counts) * nbytes == piece.nbytes  # chunks are runs, end to end
        offset = piece.offset
        for index in product(*map(range, counts)):
            at = (first + step for first, step in zip(firsts, index, strict=True))
            yield ChunkPlace(".".join(map(str, at)) or "0", piece.file, offset, nbytes)
            offset += nbytes
