"""From samples to verdicts: what the report keeps of a row."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median
from typing import Any

from benchmarks.rows.row import Child, Goal, Measured, Row
from benchmarks.timing import ways
from benchmarks.timing.intervals import quotient, verdict

__all__ = ["of_goal", "of_row", "wrong_floors"]


def of_goal(goal: Goal, measured: Measured) -> dict[str, Any] | None:
    """Gives the measured quotient and its verdict; None where a side is missing.

    Beside a floor the turns that picked its winner do not count, for either side.
    """
    samples = measured.samples
    below = [label for label in goal.bottom if samples.get(label)]
    if not samples.get(goal.top) or (goal.bottom and not below):
        return None
    top, bottom = samples[goal.top], [1.0]
    winner = ""
    if below:
        fastest = min(below, key=lambda label: median(samples[label]))
        bottom, winner = samples[fastest], measured.floors.get(fastest, "")
    if winner and len(top) > 1:
        top = ways.judged(top)
    found = quotient(top, bottom)
    return {
        "text": goal.text,
        "limit": goal.limit,
        "at_least": goal.at_least,
        "verdict": verdict(found, goal.limit, goal.at_least),
        "winner": winner,
        "is_wrong": bool(winner) and ways.is_wrong(found),
        **found._asdict(),
    }


def of_row(row: Row, measured: Measured, facts: Mapping[str, str]) -> dict[str, Any]:
    """Gives all that the report keeps: every sample, every goal, every way tried."""
    goals = [of_goal(goal, measured) for goal in row.goals]
    gives = {
        label: who.gives
        for label, who in row.contenders.items()
        if isinstance(who, Child)
    }
    return {
        "name": row.name,
        "title": row.title.format_map(facts),
        "unit": row.unit,
        "is_view": row.is_view,
        "gives": gives,
        "samples": measured.samples,
        "goals": [goal for goal in goals if goal],
        "floors": dict(measured.floors),
        "tried": {label: dict(of) for label, of in measured.tried.items()},
        "resident": measured.resident,
        "missing": dict(measured.missing),
    }


def wrong_floors(rows: list[dict[str, Any]]) -> list[str]:
    """Says where ours is faster than the best of the ways by more than noise."""
    return [
        f"the floor is wrong: {row['name']}: fastckpt takes {goal['value']:.3g} "
        f"({goal['low']:.3g} to {goal['high']:.3g}) of {goal['winner']!r}: "
        "a faster way is missing among those that are tried"
        for row in rows
        for goal in row["goals"]
        if goal["is_wrong"]
    ]
