"""What was measured, for people."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from typing import Any

from benchmarks.data.facts import in_bytes
from benchmarks.machine.needs import in_words
from benchmarks.timing.intervals import CANNOT_TELL, MET, MISSED, deciding

__all__ = [
    "busy_mark",
    "format_amount",
    "goal_line",
    "goal_table",
    "growth_table",
    "label_of",
    "limits_table",
    "not_measured",
    "summary",
    "title_of",
    "to_markdown",
]

BUSY = " (busy)"


def busy_mark(row: dict[str, Any]) -> str:
    """Gives what stands behind every number that was taken on a busy machine."""
    return BUSY if row["busy"] else ""


def format_amount(value: float, unit: str) -> str:
    """Gives a number of seconds, or of the unit, to three digits."""
    if unit != "s":
        return f"{value:.4g}"
    for factor, name in ((1.0, "s"), (1e3, "ms"), (1e6, "us")):
        if value * factor >= 1:
            return f"{value * factor:.3g} {name}"
    return f"{value * 1e9:.3g} ns"


def title_of(row: dict[str, Any]) -> str:
    """Gives the title of a row; one that touches no byte of data says so."""
    return row["title"] + (" (view: no byte is touched)" if row["is_view"] else "")


def label_of(row: dict[str, Any], label: str) -> str:
    """Gives a contender's label with what the caller has in the end."""
    gives = row["gives"].get(label)
    return f"{label} ({gives})" if gives else label


def _verdict(goal: dict[str, Any]) -> str:
    text = str(goal["verdict"])
    return f"**{text}**" if text == MISSED else text


def _interval(goal: dict[str, Any]) -> str:
    low, high = (deciding(goal[end], goal["limit"]) for end in ("low", "high"))
    return low if low == high else f"{low} to {high}"


def goal_line(goal: dict[str, Any]) -> str:
    """Gives a goal in one line: measured, interval, bound, verdict."""
    sign = ">=" if goal["at_least"] else "<="
    value = deciding(goal["value"], goal["limit"])
    by = f", {goal['winner']}" if goal["winner"] else ""
    return (
        f"{value} ({_interval(goal)}) {sign} {goal['limit']:g} "
        f"{goal['text']}{by}: {goal['verdict']}"
    )


def goal_table(report: dict[str, Any]) -> str:
    """Gives the table of goals with what was measured."""
    lines = ["| row | path | goal | measured | 95 % | |", "|---|---|---|---|---|---|"]
    for row in report["rows"]:
        label, mark = f"| {row['name']} | {title_of(row)} ", busy_mark(row)
        for goal in row["goals"]:
            sign = "≥" if goal["at_least"] else "≤"
            lines.append(
                f"{label}| {sign} {goal['limit']:g} {goal['text']} "
                f"| {deciding(goal['value'], goal['limit'])}{mark} "
                f"| {_interval(goal)}{mark} | {_verdict(goal)} |"
            )
            label = "| | "
    return "\n".join(lines)


def summary(report: dict[str, Any]) -> str:
    """Counts the verdicts."""
    verdicts = [goal["verdict"] for row in report["rows"] for goal in row["goals"]]
    counts = {text: verdicts.count(text) for text in (MET, MISSED, CANNOT_TELL)}
    return (
        f"Of {len(verdicts)} goals {counts[MET]} are met and {counts[MISSED]} missed; "
        f"of {counts[CANNOT_TELL]} this run cannot tell: the interval holds the bound."
    )


def not_measured(report: dict[str, Any]) -> str:
    """Says who was not measured, and why; empty where all were."""
    found: dict[str, list[str]] = {}
    for row in report["rows"]:
        for label, reason in row["missing"].items():
            found.setdefault(in_words(reason), []).append(f"{row['name']}: {label}")
    words = [f"{', '.join(who)} ({reason})" for reason, who in found.items()]
    return f"Not measured: {'; '.join(words)}." if words else ""


def limits_table(report: dict[str, Any]) -> Iterator[str]:
    """Gives what the machine can do, and what part of it each path reaches."""
    yield "| limit | GB/s | threads | row | GB/s | share |"
    yield "|---|---|---|---|---|---|"
    for limit, found in report["limits"].items():
        start = f"| {limit} | {found['rate'] / 1e9:.3g} | {found['threads']} "
        shares = [
            f"| {row['name']} | {row['share']['rate'] / 1e9:.3g}{busy_mark(row)} "
            f"| {row['share']['share']:.0%}{busy_mark(row)} |"
            for row in report["rows"]
            if row["share"] and row["share"]["limit"] == limit
        ]
        for share in shares or ["| | | |"]:
            yield start + share
            start = "| | | "


def _row(row: dict[str, Any]) -> Iterator[str]:
    mark = busy_mark(row)
    yield f"### {row['name']}: {title_of(row)}\n"
    yield "| | median | fastest | slowest | samples |"
    yield "|---|---|---|---|---|"
    for label, samples in row["samples"].items():
        if not samples:
            continue
        cells = [statistics.median(samples), min(samples), max(samples)]
        amounts = " | ".join(format_amount(cell, row["unit"]) + mark for cell in cells)
        yield f"| {label_of(row, label)} | {amounts} | {len(samples)} |"
    yield ""
    yield from (f"- {goal_line(goal)}{mark}" for goal in row["goals"])
    if row["resident"] is not None:
        yield f"- in the page cache when a run began: {in_bytes(row['resident'])}"
    yield from (f"- busy: {reason}" for reason in row["busy"])
    for label, reason in row["missing"].items():
        yield f"- not measured: {label}: {in_words(reason)}"
    for label, tried in row["tried"].items():
        ways = [f"{way.split(': ', 1)[1]}: {tried[way]:.3g} s" for way in tried]
        yield f"- ways tried for {label} (threads, way: the fastest of two runs): "
        yield f"  {'; '.join(ways)}"
    yield ""


def _curve(curve: dict[str, Any], mark: str) -> str:
    unit = "tensor" if curve["axis"] == "tensors" else "MiB"
    scale = 1 if curve["axis"] == "tensors" else 1 << 20
    seconds, memory = curve["seconds"], curve["memory"]
    return (
        f"| {curve['work']} | {curve['who']} "
        f"| {format_amount(seconds['slope'] * scale, 's')} per {unit} "
        f"+ {format_amount(max(seconds['fixed'], 0), 's')}{mark} "
        f"| {seconds['exponent']:.2f}{mark} "
        f"| {max(memory['slope'] * scale, 0):,.0f} bytes per {unit} "
        f"| {format_amount(curve['points'][0][1], 's')}{mark} to "
        f"{format_amount(curve['points'][-1][1], 's')}{mark} |"
    )


def growth_table(report: dict[str, Any]) -> Iterator[str]:
    """Gives the fitted costs, a line each."""
    mark = BUSY if report["conditions"]["busy"] else ""
    yield "| work | who | fitted time | exponent | fitted memory | measured |"
    yield "|---|---|---|---|---|---|"
    for curve in report["growth"]:
        yield _curve(curve, mark)
    if left := report.get("growth left out"):
        sizes = ", ".join(map(in_bytes, left))
        yield f"\nNot measured: {sizes} (no room on the disk or in memory)."


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
    lines += [summary(report), "", goal_table(report), ""]
    lines += [f"**{text}**\n" for text in report["wrong floors"]]
    lines += ["## Limits of the machine\n", *limits_table(report), ""]
    lines += [*_machine(report["conditions"]), "## Paths\n"]
    for row in report["rows"]:
        lines += _row(row)
    if report["growth"]:
        lines += ["## How cost grows\n", *growth_table(report)]
    return "\n".join(lines)
