"""Floors: every known way is tried, the best of them picked on half of the samples
and judged on the other half.

Who picks the fastest of many by the samples it is then judged by gets a floor that is
lucky, not low.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from statistics import median

from benchmarks.rows.row import Context, Floor, Samples
from benchmarks.timing.intervals import Interval

__all__ = ["candidates", "is_wrong", "judged", "keep", "pick"]

_KEPT = 4
"""So many ways stay after the trial."""

_NOISE = 0.02
"""By how much two runs of the same program differ although no sample shows it: where
their memory happens to lie."""


def _known(floor: str, path: str) -> list[str]:
    done = subprocess.run(
        [floor, "--list"], check=True, stdout=subprocess.PIPE, text=True
    )
    pairs = [line.split("\t") for line in done.stdout.splitlines()]
    return [way for of, way in pairs if of == path]


def candidates(context: Context, who: Floor) -> list[str]:
    """Gives what the floor program is asked for: "THREADS WAY", each of them."""
    # A disk may want more requests at a time than there are CPUs.
    wants_more = who.path in {"cold", "save", "limits"}
    most = context.threads * (2 if wants_more else 1)
    threads = who.threads or tuple(sorted({1, most}))
    ways = who.ways or _known(context.floor, who.path)
    return [f"{count} {way}" for way in ways for count in threads]


def keep(tried: Mapping[str, float], count: int = _KEPT) -> list[str]:
    """Gives the ways that were fastest when each was tried, the fastest first."""
    return sorted(tried, key=tried.__getitem__)[:count]


def judged(samples: list[float]) -> list[float]:
    """Gives the half that picks nothing: every second one."""
    return samples[1::2] or samples


def pick(samples: Samples, ways: list[str]) -> str:
    """Gives the way with the smallest median of the other half."""
    return min(ways, key=lambda way: median(samples[way][0::2]))


def is_wrong(found: Interval) -> bool:
    """Whether ours is faster than the best of the ways by more than noise."""
    return found.highest < 1 - _NOISE
