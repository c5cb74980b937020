"""What the machine can do at most, in bytes a second, and each path's share of it."""

from __future__ import annotations

from statistics import median
from typing import Any

from benchmarks.rows.row import Context, Floor, Row, Samples
from benchmarks.timing.process import start
from benchmarks.timing.turns import remove_saved

__all__ = ["measure_limits", "share"]

_TURNS = 3


def measure_limits(context: Context) -> dict[str, dict[str, Any]]:
    """Gives {limit: {"rate": bytes a second, "threads": how many reach it}}."""
    contenders = start("limits", Floor("limits"), context)
    samples: Samples = {each.label: [] for each in contenders}
    try:
        for turn in range(_TURNS + 1):
            for each in contenders:
                seconds = each.run()["seconds"]
                if turn > 0:  # memory is touched by the first one
                    samples[each.label].append(seconds)
    finally:
        contenders[0].process.close()
        remove_saved(context)
    nbytes = context.data.entry("bert")["nbytes"]
    best: dict[str, dict[str, Any]] = {}
    for each in contenders:
        threads, limit = each.way.split(" ", 1)
        rate = nbytes / median(samples[each.label])
        if limit not in best or rate > best[limit]["rate"]:
            best[limit] = {"rate": rate, "threads": int(threads)}
    return best


def share(
    row: Row, samples: Samples, context: Context, limits: dict[str, dict[str, Any]]
) -> dict[str, Any] | None:
    """Gives what a path moves a second, and which part of what the machine can."""
    if row.bound is None or row.bound.limit not in limits:
        return None
    rate = context.data.entry(row.bound.dataset)["nbytes"] / median(samples["fastckpt"])
    most = limits[row.bound.limit]["rate"]
    return {"limit": row.bound.limit, "rate": rate, "share": rate / most}
