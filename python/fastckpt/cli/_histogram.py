"""How the values of an array are spread, counted in one pass and little memory."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastckpt.cli._statistics import chunks

__all__ = ["BINS", "count_bins"]

BINS = 50


def count_bins(array: NDArray[Any], low: float, high: float) -> list[int] | None:
    """Counts the finite values in `BINS` bins of one width from `low` to `high`.

    Of complex numbers it counts magnitudes. None: float64 has no bins that narrow, or
    that wide.
    """
    if not 0 < high - low < math.inf:
        return None
    if not np.diff(np.linspace(low, high, BINS + 1)).all():
        return None
    counts = np.zeros(BINS, np.int64)
    for chunk in chunks(array):
        values = np.abs(chunk) if chunk.dtype.kind == "c" else chunk
        wide = values.astype(np.float64)
        finite = wide[np.isfinite(wide)]
        counts += np.histogram(finite, BINS, (low, high))[0]
    return [int(count) for count in counts]
