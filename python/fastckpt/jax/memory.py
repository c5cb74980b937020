"""Memory for parts of tensors, aligned so that devices of the CPU take it as it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import prod
from typing import Any, NamedTuple

import numpy as np

__all__ = ["Form", "allocate"]

_ALIGNMENT = 64
#: The small tensors of a slab are kept together, by whichever of them lives longest.
_SLAB_BYTES = 4 << 20


class Form(NamedTuple):
    """Of one array."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def padded(self) -> int:
        """How many bytes it takes of an allocation."""
        size = prod(self.shape) * self.dtype.itemsize
        return -(-size // _ALIGNMENT) * _ALIGNMENT


def allocate(tensors: Iterable[Sequence[Form]]) -> Iterator[list[np.ndarray]]:
    """Gives arrays for the parts of each tensor, uninitialised.

    The parts of a tensor share an allocation, which for large ones is of huge pages;
    small tensors share slabs of at most 4 MiB.
    """
    slab: list[Sequence[Form]] = []
    used = 0
    for forms in tensors:
        size = sum(form.padded for form in forms)
        if slab and used + size > _SLAB_BYTES:
            yield from _carve(slab, used)
            slab, used = [], 0
        slab.append(forms)
        used += size
    yield from _carve(slab, used)


def _carve(slab: list[Sequence[Form]], size: int) -> Iterator[list[np.ndarray]]:
    memory = np.empty(size + _ALIGNMENT, np.uint8)
    at = -memory.__array_interface__["data"][0] % _ALIGNMENT
    for forms in slab:
        arrays = []
        for form in forms:
            arrays.append(np.ndarray(form.shape, form.dtype, memory, at))
            at += form.padded
        yield arrays
