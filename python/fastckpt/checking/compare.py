"""How the values of two arrays differ: counted chunk by chunk, added up after."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastckpt.checking.numbers import is_numeric

__all__ = ["CHUNK", "Tally", "Tolerance", "compare_many", "compare_values"]

CHUNK = 1 << 13
"""Elements compared together: 64 KiB as float64, which stay in the cache, and for which
the allocator asks the system for no pages."""


@dataclass(frozen=True)
class Tolerance:
    """Values are the same where ``|a - b| <= absolute + relative * |b|``.

    Equal infinities are the same, and so are two NaN, and 0.0 and -0.0.
    """

    relative: float = 0.0
    absolute: float = 0.0

    def limits(self, sizes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Gives how far numbers of these sizes may be from the old ones."""
        return self.absolute + self.relative * sizes


@dataclass
class Tally:
    """What was found in some elements.

    Attributes:
        count: How many differ.
        largest: The largest distance of two finite numbers that differ, of integers
            exactly; None where there are none.
        largest_relative: The largest of their distances, each divided by the old
            number's size; infinite where that is 0.
        distance: The norm of the distances of all finite numbers.
        size: The norm of the old ones of these.
        not_finite: How many of those that differ are NaN or infinite, old or new.
    """

    count: int = 0
    largest: float | None = None
    largest_relative: float | None = None
    distance: float = 0.0
    size: float = 0.0
    not_finite: int = 0

    def add(self, other: Tally) -> None:
        """Adds what was found in other elements of the same tensor."""
        self.count += other.count
        self.not_finite += other.not_finite
        self.largest = _larger(self.largest, other.largest)
        self.largest_relative = _larger(self.largest_relative, other.largest_relative)
        self.distance = math.hypot(self.distance, other.distance)
        self.size = math.hypot(self.size, other.size)

    @property
    def relative_norm(self) -> float | None:
        """The norm of the distances, divided by that of the old numbers."""
        if self.largest is None:
            return None
        return self.distance / self.size if self.size else math.inf


def _larger(one: float | None, two: float | None) -> float | None:
    if one is None or two is None:
        return two if one is None else one
    return max(one, two)


def compare_many(
    pairs: Sequence[tuple[NDArray[Any], NDArray[Any]]], tolerance: Tolerance
) -> Iterator[Tally]:
    """Compares pairs of arrays, each of one shape and dtype; gives a tally of each.

    Small ones of real numbers that follow each other and are alike are compared in one
    go: what NumPy does of each call's own takes longer than a thousand numbers. What is
    found is the same to the last bit.
    """
    for (dtype, size), alike in groupby(pairs, lambda it: (it[0].dtype, it[0].size)):
        together = max(CHUNK // size, 1) if size and _is_real(dtype) else 1
        while some := list(islice(alike, together)):
            if len(some) > 1 and (found := _compare_rows(some, tolerance)):
                yield from found
            else:
                yield from (compare_values(*pair, tolerance) for pair in some)


def _is_real(dtype: np.dtype[Any]) -> bool:
    return dtype.kind not in "biuc" and is_numeric(dtype)


def _compare_rows(
    pairs: Sequence[tuple[NDArray[Any], NDArray[Any]]], tolerance: Tolerance
) -> list[Tally]:
    """Compares arrays of one size; gives nothing where some number is not finite."""
    old, new = (
        np.stack([it.reshape(-1) for it in side]).astype(np.float64)
        for side in zip(*pairs, strict=True)
    )
    with np.errstate(all="ignore"):
        distance = np.abs(new - old)
        if not np.isfinite(distance.sum()):
            return []
        size = np.abs(old)
        differs = distance != 0
        if tolerance != Tolerance():
            limit = tolerance.limits(np.abs(new))
            differs &= ~(distance <= limit)
        far, relative = distance, distance / size
        if not differs.all():
            far, relative = np.where(differs, far, 0), np.where(differs, relative, 0)
        counts = np.count_nonzero(differs, axis=1)
        most = [it.max(axis=1).tolist() for it in (far, relative, distance, size)]
    rows = zip(counts.tolist(), *most, distance, size, strict=True)
    return [
        Tally(
            count,
            largest if count else None,
            relative if count else None,
            _norm(distances, farthest),
            _norm(sizes, longest),
        )
        for count, largest, relative, farthest, longest, distances, sizes in rows
    ]


def compare_values(old: NDArray[Any], new: NDArray[Any], tolerance: Tolerance) -> Tally:
    """Compares arrays of one shape and dtype in chunks."""
    tally = Tally()
    flat_old, flat_new = old.reshape(-1), new.reshape(-1)
    for start in range(0, flat_old.size, CHUNK):
        chunk = slice(start, start + CHUNK)
        tally.add(_compare_chunk(flat_old[chunk], flat_new[chunk], tolerance))
    return tally


def _compare_chunk(old: NDArray[Any], new: NDArray[Any], tolerance: Tolerance) -> Tally:
    if old.dtype.kind == "b" or not is_numeric(old.dtype):
        return Tally(int(np.count_nonzero(old != new)))
    if old.dtype.kind in "iu":
        return _compare_integers(old, new, tolerance)
    wide = np.complex128 if old.dtype.kind == "c" else np.float64
    old, new = old.astype(wide), new.astype(wide)
    not_finite = 0
    with np.errstate(all="ignore"):
        distance = np.abs(new - old)
        differs = distance != 0
        if tolerance != Tolerance():
            limit = tolerance.limits(np.abs(new))
            differs &= ~(np.isfinite(distance) & (distance <= limit))
        if not np.isfinite(distance.sum()):  # some are no numbers, or their sum is none
            differs &= ~((old == new) | (np.isnan(old) & np.isnan(new)))
            strange = differs & ~(np.isfinite(old) & np.isfinite(new))
            not_finite = int(np.count_nonzero(strange))
        return _tally(differs, distance, np.abs(old), not_finite)


def _compare_integers(
    old: NDArray[Any], new: NDArray[Any], tolerance: Tolerance
) -> Tally:
    # Modulo 2^64 the larger less the smaller is right for every width and sign.
    larger, smaller = np.maximum(old, new), np.minimum(old, new)
    exact = larger.astype(np.uint64) - smaller.astype(np.uint64)
    differs = exact != 0
    distance = exact.astype(np.float64)
    with np.errstate(all="ignore"):
        if tolerance != Tolerance():
            limit = tolerance.limits(np.abs(new.astype(np.float64)))
            differs &= ~(exact <= limit)
        tally = _tally(differs, distance, np.abs(old.astype(np.float64)))
    if tally.count:
        tally.largest = int(exact[differs].max())
    return tally


def _tally(
    differs: NDArray[Any],
    distance: NDArray[Any],
    size: NDArray[Any],
    not_finite: int = 0,
) -> Tally:
    """Adds up distances, of which those that are not finite tell nothing."""
    count = int(np.count_nonzero(differs))
    is_finite = np.isfinite(distance)
    if not is_finite.all():
        differs, distance, size = (it[is_finite] for it in (differs, distance, size))
    tally = Tally(
        count, distance=_norm(distance), size=_norm(size), not_finite=not_finite
    )
    if differs.any():
        if not differs.all():
            distance, size = distance[differs], size[differs]
        tally.largest = float(distance.max())
        tally.largest_relative = float((distance / size).max())
    return tally


def _norm(sizes: NDArray[Any], largest: float | None = None) -> float:
    """Gives the root of the sum of squares, also where a square would overflow."""
    if largest is None:
        largest = float(sizes.max(initial=0.0))
    if not largest or not math.isfinite(largest):
        return largest
    if 1e-100 < largest < 1e100:
        return math.sqrt(float(np.dot(sizes, sizes)))
    scaled = sizes / largest
    return largest * math.sqrt(float(np.dot(scaled, scaled)))
