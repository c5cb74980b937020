"""What samples tell: quotients of medians, how sure they are, and verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

__all__ = [
    "CANNOT_TELL",
    "MET",
    "MISSED",
    "Interval",
    "deciding",
    "quotient",
    "verdict",
]

MET, MISSED, CANNOT_TELL = "met", "missed", "cannot tell"

_RESAMPLES = 4000
_SEED = 1


class Interval(NamedTuple):
    """A measured value and the interval that holds it.

    Attributes:
        value: The quotient of the medians of all samples.
        low: Its lower end: 2.5 of 100 resampled quotients lie below.
        high: Its upper end.
        highest: What 1 of 1000 resampled quotients exceeds.
    """

    value: float
    low: float
    high: float
    highest: float


def _draw(samples: Sequence[float], indices: np.ndarray) -> np.ndarray:
    return np.median(np.asarray(samples)[indices], axis=1)


def _indices(count: int, generator: np.random.Generator) -> np.ndarray:
    return generator.integers(0, count, (_RESAMPLES, count))


def quotient(
    top: Sequence[float], bottom: Sequence[float] = (1.0,), one_run: bool = True
) -> Interval:
    """Gives median(top) / median(bottom) with its bootstrap interval.

    Samples of the same number of one run were taken in the same turns: whole turns are
    drawn, so that a slow spell, which hits both sides, drops out.
    """
    generator = np.random.default_rng(_SEED)
    above = _indices(len(top), generator)
    paired = one_run and len(top) == len(bottom)
    below = above if paired else _indices(len(bottom), generator)
    drawn = _draw(top, above) / _draw(bottom, below)
    low, high, highest = np.quantile(drawn, (0.025, 0.975, 0.999))
    value = float(np.median(top) / np.median(bottom))
    return Interval(value, float(low), float(high), float(highest))


def verdict(found: Interval, limit: float, at_least: bool = False) -> str:
    """Gives "met" or "missed", or "cannot tell" where the limit lies within."""
    if at_least:
        is_met, is_missed = found.low >= limit, found.high < limit
    else:
        is_met, is_missed = found.high <= limit, found.low > limit
    return MET if is_met else MISSED if is_missed else CANNOT_TELL


def deciding(value: float, limit: float) -> str:
    """Formats a value with as many digits as it takes to see on which side it is."""
    text = f"{value:.3g}"
    for digits in range(4 if value >= 0.1 else 2, 18):
        if (float(text) < limit) == (value < limit) and (
            (float(text) == limit) == (value == limit)
        ):
            return text
        text = f"{value:.{digits}g}"
    return repr(value)
