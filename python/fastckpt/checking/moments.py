"""What can be said of numbers in one pass and little memory, and added up after."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Moments", "chunks", "is_integer", "is_numeric"]

_CHUNK = 1 << 15
"""Elements looked at together: 256 KiB as float64; the fastest of 2**12 to 2**17."""


def is_numeric(dtype: np.dtype[Any] | None) -> bool:
    """Tells whether values are numbers or booleans, and no strings or dates."""
    if dtype is None or dtype.kind in "OSUMm":
        return False
    return dtype.kind != "V" or not issubclass(dtype.type, np.void)


def is_integer(dtype: np.dtype[Any]) -> bool:
    """Tells it of booleans and of ml_dtypes' narrow integers, too."""
    return dtype.kind in "biu" or dtype.name.startswith(("int", "uint"))


def chunks(array: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Gives an array's values in flat parts that fit a CPU's cache."""
    flat = array.reshape(-1)
    for start in range(0, flat.size, _CHUNK):
        yield flat[start : start + _CHUNK]


class Moments:
    """What is known of some numbers; of what is not finite only how many there are.

    Source: Chan, Golub and LeVeque, Updating Formulae and a Pairwise Algorithm for
    Computing Sample Variances (1979), equation 2.1.

    Attributes:
        count: How many are finite.
        low: The smallest of these, of complex numbers the smallest magnitude; of
            integers exactly, which float64 is not beyond 2**53. None: there are none.
        high: The largest.
        mean: Their mean, in float64 or complex128.
        squares: The sum of the squares of their distances from it.
        zeros: How many are 0.
        nan: How many are NaN, in either part.
        inf: How many are infinite.
    """

    def __init__(self) -> None:
        self.count = 0
        self.low: float | None = None
        self.high: float | None = None
        self.mean: float | complex = 0.0
        self.squares = 0.0
        self.zeros = self.nan = self.inf = 0

    @property
    def std(self) -> float | None:
        """The standard deviation, of all of them and not of a sample."""
        return math.sqrt(self.squares / self.count) if self.count else None

    def add_values(self, array: NDArray[Any]) -> None:
        """Takes in an array's values, whatever numbers they are."""
        add = self._add_integers if is_integer(array.dtype) else self._add_inexact
        with np.errstate(all="ignore"):
            for chunk in chunks(array):
                add(chunk)

    def _add_integers(self, chunk: NDArray[Any]) -> None:
        wide = chunk if chunk.dtype.kind in "iu" else chunk.astype(np.int64)
        self.zeros += wide.size - int(np.count_nonzero(wide))
        self._widen(int(wide.min()), int(wide.max()))
        self._add_finite(wide.astype(np.float64))

    def _add_inexact(self, chunk: NDArray[Any]) -> None:
        is_complex = chunk.dtype.kind == "c"
        wide = chunk.astype(np.complex128 if is_complex else np.float64)
        self.zeros += wide.size - int(np.count_nonzero(wide))
        is_finite = np.isfinite(wide)
        if not is_finite.all():
            nan = int(np.count_nonzero(np.isnan(wide)))
            self.nan += nan
            self.inf += int(np.count_nonzero(~is_finite)) - nan
            wide = wide[is_finite]
        if wide.size:
            sizes = np.abs(wide) if is_complex else wide
            self._widen(float(sizes.min()), float(sizes.max()))
            self._add_finite(wide)

    def _widen(self, low: float, high: float) -> None:
        self.low = low if self.low is None else min(low, self.low)
        self.high = high if self.high is None else max(high, self.high)

    def _add_finite(self, values: NDArray[Any]) -> None:
        mean = values.mean().item()
        deviations = values - mean
        # No dot product: BLAS would start threads that wait for one another.
        squares = float(np.square(deviations.real).sum())
        if values.dtype.kind == "c":
            squares += float(np.square(deviations.imag).sum())
        self._merge(values.size, mean, squares)

    def _merge(self, count: int, mean: float | complex, squares: float) -> None:
        total = self.count + count
        step = mean - self.mean
        weight = self.count * (count / total)
        self.squares += squares + (step * step.conjugate()).real * weight
        self.mean += step * (count / total)
        self.count = total

    def add(self, other: Moments) -> None:
        """Takes in what is known of other numbers."""
        self.zeros += other.zeros
        self.nan += other.nan
        self.inf += other.inf
        if other.low is not None and other.high is not None:
            self._widen(other.low, other.high)
            with np.errstate(all="ignore"):
                self._merge(other.count, other.mean, other.squares)
