"""What can be said about the values of an array, in one pass and little memory."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["chunks", "describe_values"]

_CHUNK = 1 << 15
"""Elements looked at together: 256 KiB as float64; the fastest of 2**12 to 2**17."""


def describe_values(array: NDArray[Any]) -> dict[str, Any]:
    """Gives statistics that suit an array's type.

    Numbers: count, min, max, mean, std (of all, not of a sample), zeros, nan, inf; over
    the finite values, in float64. Complex numbers have the smallest and the largest
    magnitude in place of min and max. Booleans: how many are true. Strings: how many,
    how long. None stands where there is no value to tell it of.
    """
    if array.dtype.kind == "O":
        return _describe_strings(array)
    if array.dtype.kind == "b":
        count = int(np.count_nonzero(array))
        return {"count": array.size, "true": count, "false": array.size - count}
    if array.dtype.name.startswith(("int", "uint")):
        return _describe_integers(array)
    return _describe_inexact(array)


class _Moments:
    """Count, mean and squared deviations of values that come in chunks.

    Source: Chan, Golub and LeVeque, Updating Formulae and a Pairwise Algorithm for
    Computing Sample Variances (1979), equation 2.1.
    """

    def __init__(self) -> None:
        self.count = 0
        self._mean: float | complex = 0.0
        self._squares = 0.0

    def add(self, values: NDArray[Any]) -> None:
        """Takes in one more chunk, of float64 or complex128."""
        if not values.size:
            return
        is_complex = values.dtype.kind == "c"
        mean = values.mean().item()
        deviations = values - mean
        total = self.count + values.size
        step = mean - self._mean
        weight = self.count * (values.size / total)
        # No dot product: BLAS would start threads that wait for one another.
        self._squares += float(np.square(deviations.real).sum())
        self._squares += float(np.square(deviations.imag).sum()) if is_complex else 0.0
        self._squares += (step * step.conjugate()).real * weight
        self._mean += step * (values.size / total)
        self.count = total

    def summary(self) -> dict[str, float | complex | None]:
        """Gives mean and standard deviation, None where there is no value."""
        if not self.count:
            return {"mean": None, "std": None}
        return {"mean": self._mean, "std": math.sqrt(self._squares / self.count)}


def chunks(array: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Gives an array's values in flat parts that fit a CPU's cache."""
    flat = array.reshape(-1)
    for start in range(0, flat.size, _CHUNK):
        yield flat[start : start + _CHUNK]


def _describe_integers(array: NDArray[Any]) -> dict[str, Any]:
    """Keeps min and max exact, which float64 cannot beyond 2**53."""
    moments, zeros = _Moments(), 0
    lows: list[int] = []
    highs: list[int] = []
    for chunk in chunks(array):
        wide = chunk if chunk.dtype.kind in "iu" else chunk.astype(np.int64)
        lows.append(int(wide.min()))
        highs.append(int(wide.max()))
        zeros += wide.size - int(np.count_nonzero(wide))
        moments.add(wide.astype(np.float64))
    return {
        "count": array.size,
        "min": min(lows, default=None),
        "max": max(highs, default=None),
        **moments.summary(),
        "zeros": zeros,
    }


def _describe_inexact(array: NDArray[Any]) -> dict[str, Any]:
    """Describes floats of every kind, and complex numbers."""
    is_complex = array.dtype.kind == "c"
    moments, zeros, nan = _Moments(), 0, 0
    low, high = math.inf, -math.inf
    for chunk in chunks(array):
        with np.errstate(all="ignore"):
            wide = chunk.astype(np.complex128 if is_complex else np.float64)
            is_finite = np.isfinite(wide)
            finite = wide
            if not is_finite.all():
                nan += int(np.count_nonzero(np.isnan(wide)))
                finite = wide[is_finite]
            zeros += wide.size - int(np.count_nonzero(wide))
            moments.add(finite)
            sizes = np.abs(finite) if is_complex else finite
        low = min(low, float(sizes.min(initial=math.inf)))
        high = max(high, float(sizes.max(initial=-math.inf)))
    least, most = ("smallest", "largest") if is_complex else ("min", "max")
    return {
        "count": array.size,
        least: low if moments.count else None,
        most: high if moments.count else None,
        **moments.summary(),
        "zeros": zeros,
        "nan": nan,
        "inf": array.size - nan - moments.count,
    }


def _describe_strings(array: NDArray[Any]) -> dict[str, Any]:
    sizes = [len(value) for value in array.flat]
    return {
        "count": len(sizes),
        "bytes": sum(sizes),
        "shortest": min(sizes, default=None),
        "longest": max(sizes, default=None),
        "empty": sizes.count(0),
    }
