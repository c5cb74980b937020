"""How numbers are spread, counted in one pass and little memory."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastckpt.checking.moments import chunks

__all__ = ["BINS", "count_bins", "edges_of"]

BINS = 50


def edges_of(low: float | None, high: float | None) -> tuple[float, ...]:
    """Gives the edges of `BINS` bins of one width from `low` to `high`.

    Of one bin where float64 has no bins that narrow, or that wide; of none where there
    is no number.
    """
    if low is None or high is None:
        return ()
    one = float(low), float(high)
    width = one[1] - one[0]
    if not 0 < width < math.inf:
        return one
    edges = np.linspace(*one, BINS + 1)
    return tuple(edges.tolist()) if np.diff(edges).all() else one


def count_bins(array: NDArray[Any], edges: tuple[float, ...]) -> NDArray[np.int64]:
    """Counts the finite values in bins whose edges `edges_of` gave.

    Of complex numbers it counts magnitudes.
    """
    bins = max(len(edges) - 1, 0)
    counts = np.zeros(bins, np.int64)
    with np.errstate(all="ignore"):
        for chunk in chunks(array) if bins else ():
            is_complex = chunk.dtype.kind == "c"
            wide = chunk.astype(np.complex128 if is_complex else np.float64)
            finite = wide[np.isfinite(wide)]
            if bins == 1:
                counts += finite.size
            else:
                sizes = np.abs(finite) if is_complex else finite
                counts += np.histogram(sizes, bins, (edges[0], edges[-1]))[0]
    return counts
