"""What was measured, as JSON and for people."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from typing import Any

from benchmarks.row import Row, Samples

__all__ = ["format_amount", "goal_table", "growth_table", "of_row", "to_markdown"]


def of_row(row: Row, samples: Samples) -> dict[str, Any]:
    """Gives all that the report keeps of a row: every sample, every goal."""
    goals = []
    for goal in row.goals:
        value = goal.value(samples)
        if value is not None:
            goals.append(
                {
                    "text": goal.text,
                    "limit": goal.limit,
                    "at_least": goal.at_least,
                    "value": value,
                    "met": goal.is_met(value),
                }
            )
    return {
        "name": row.name,
        "title": row.title,
        "unit": row.unit,
        "is_view": row.is_view,
        "samples": samples,
        "goals": goals,
    }


def _number(value: float) -> str:
    return f"{value:.2g}" if value < 0.1 else f"{value:.3g}"


def format_amount(value: float, unit: str) -> str:
    """Gives a number of seconds, or of the unit, to three digits."""
    if unit != "s":
        return f"{value:.4g}"
    for factor, name in ((1.0, "s"), (1e3, "ms"), (1e6, "us")):
        if value * factor >= 1:
            return f"{value * factor:.3g} {name}"
    return f"{value * 1e9:.3g} ns"


def _goal(goal: dict[str, Any]) -> str:
    sign = ">=" if goal["at_least"] else "<="
    mark = "met" if goal["met"] else "**missed**"
    return f"{_number(goal['value'])} ({sign} {goal['limit']:g} {goal['text']}): {mark}"


def goal_table(report: dict[str, Any]) -> str:
    """Gives the table of goals with what was measured."""
    lines = ["| path | goal | measured | |", "|---|---|---|---|"]
    for row in report["rows"]:
        label = row["title"] + (" (view)" if row["is_view"] else "")
        for goal in row["goals"]:
            sign = "≥" if goal["at_least"] else "≤"
            mark = "met" if goal["met"] else "**missed**"
            lines.append(
                f"| {label} | {sign} {goal['limit']:g} {goal['text']} "
                f"| {_number(goal['value'])} | {mark} |"
            )
            label = ""
    return "\n".join(lines)


def _row(row: dict[str, Any]) -> Iterator[str]:
    yield f"### {row['title']}{' (view: no data is read)' if row['is_view'] else ''}\n"
    yield "| | median | fastest | slowest | samples |"
    yield "|---|---|---|---|---|"
    for label, samples in row["samples"].items():
        if not samples:
            continue
        cells = [statistics.median(samples), min(samples), max(samples)]
        amounts = " | ".join(format_amount(cell, row["unit"]) for cell in cells)
        yield f"| {label} | {amounts} | {len(samples)} |"
    yield ""
    for goal in row["goals"]:
        yield f"- {_goal(goal)}"
    yield ""


def _curve(curve: dict[str, Any]) -> str:
    unit = "tensor" if curve["axis"] == "tensors" else "MiB"
    scale = 1 if curve["axis"] == "tensors" else 1 << 20
    seconds, memory = curve["seconds"], curve["memory"]
    return (
        f"| {curve['work']} | {curve['who']} "
        f"| {format_amount(seconds['slope'] * scale, 's')} per {unit} "
        f"+ {format_amount(max(seconds['fixed'], 0), 's')} "
        f"| {seconds['exponent']:.2f} "
        f"| {max(memory['slope'] * scale, 0):,.0f} bytes per {unit} "
        f"| {format_amount(curve['points'][0][1], 's')} to "
        f"{format_amount(curve['points'][-1][1], 's')} |"
    )


def growth_table(curves: list[dict[str, Any]]) -> Iterator[str]:
    """Gives the fitted costs, a line each."""
    yield "| work | who | fitted time | exponent | fitted memory | measured |"
    yield "|---|---|---|---|---|---|"
    for curve in curves:
        yield _curve(curve)


def _machine(conditions: dict[str, Any]) -> Iterator[str]:
    yield "## Conditions\n"
    for name, value in conditions.items():
        if isinstance(value, dict):
            value = ", ".join(f"{key} {item}" for key, item in value.items())
        if name != "explain":
            yield f"- {name}: {value}"
    yield ""


def to_markdown(report: dict[str, Any]) -> str:
    """Gives the whole report for people."""
    lines = ["# Benchmarks\n", f"`{report['command']}`\n", "## Goals\n"]
    lines += [goal_table(report), "", *_machine(report["conditions"]), "## Paths\n"]
    for row in report["rows"]:
        lines += _row(row)
    if report["growth"]:
        lines += ["## How cost grows\n", *growth_table(report["growth"])]
    return "\n".join(lines)
