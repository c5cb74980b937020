"""Basic indexing turned into what the core reads.

A region is what NumPy calls basic indexing: integers, slices with any step,
``...``; no arrays, no ``None``.
"""

from __future__ import annotations

from operator import index as as_index
from typing import Any

__all__ = ["Region", "parse", "whole"]

#: Per dimension of the tensor: start, count, step, and whether the result
#: keeps the dimension (an integer does not).
Region = tuple[tuple[int, int, int, bool], ...]


def whole(shape: tuple[int, ...]) -> Region:
    """Gives the region that is all of a tensor."""
    return tuple((0, dim, 1, True) for dim in shape)


def parse(region: Any, shape: tuple[int, ...]) -> Region:
    """Gives the region that ``array[region]`` takes of an array of that shape.

    Raises:
        IndexError: An integer is out of bounds, or there are too many indices.
        TypeError: Something is no integer, slice or ``...``.
    """
    if region is None:
        return whole(shape)
    items = region if isinstance(region, tuple) else (region,)
    full = _fill(items, len(shape))
    return tuple(
        _dimension(item, dim, axis)
        for axis, (item, dim) in enumerate(zip(full, shape, strict=True))
    )


def _fill(items: tuple[Any, ...], rank: int) -> list[Any]:
    """Replaces ``...``, or adds it at the end."""
    dots = [i for i, item in enumerate(items) if item is Ellipsis]
    if len(dots) > 1:
        raise IndexError("a region can have only one ellipsis ('...')")
    count = len(items) - len(dots)
    if count > rank:
        raise IndexError(
            f"too many indices: the tensor has {rank} dimensions, "
            f"the region {count} indices"
        )
    at = dots[0] if dots else len(items)
    missing = [slice(None)] * (rank - count)
    return [*items[:at], *missing, *items[at + len(dots) :]]


def _dimension(item: Any, dim: int, axis: int) -> tuple[int, int, int, bool]:
    if isinstance(item, slice):
        start, stop, step = item.indices(dim)
        count = len(range(start, stop, step))
        if count == 0:
            return 0, 0, 1, True
        # A step that is never taken may be any number.
        return start, count, step if count > 1 else 1, True
    if isinstance(item, bool) or not hasattr(item, "__index__"):
        raise TypeError(
            f"a region is made of integers, slices and '...', not {type(item).__name__}"
        )
    number = as_index(item)
    if not -dim <= number < dim:
        raise IndexError(
            f"index {number} is out of bounds for axis {axis} with size {dim}"
        )
    return number % dim, 1, 1, False
