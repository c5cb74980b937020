"""Tables beside the goals: every row's medians, the peers, the threads."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from typing import Any

from benchmarks.measures.flips import in_words
from benchmarks.reports.markdown import busy_mark, format_amount, label_of
from benchmarks.rows.scaling import label_of as threads_label
from benchmarks.timing.intervals import quotient

__all__ = ["contenders_of", "medians_table", "peers_table", "scaling_table"]

_MOST = 16
"""Contenders in a line; rows with more of them have tables of their own."""


def contenders_of(row: dict[str, Any]) -> dict[str, list[float]]:
    """Gives the samples of who took part, without the ways that floors tried."""
    ways = tuple(f"{floor}: " for floor in row["floors"])
    return {
        label: samples
        for label, samples in row["samples"].items()
        if samples and not (ways and label.startswith(ways))
    }


def _is_time(row: dict[str, Any]) -> bool:
    return bool(row["unit"] == "s")


def medians_table(report: dict[str, Any]) -> Iterator[str]:
    """Gives the median of everybody, a line for each row that measures time."""
    yield "| row | medians |"
    yield "|---|---|"
    for row in report["rows"]:
        found = contenders_of(row)
        if not found or len(found) > _MOST or not _is_time(row):
            continue
        mark = busy_mark(row)
        cells = [
            f"{label_of(row, label)} {format_amount(median(samples), 's')}{mark}"
            for label, samples in found.items()
        ]
        yield f"| {row['name']} | {'; '.join(cells)} |"


def _row(report: dict[str, Any], name: str) -> dict[str, Any] | None:
    found = [row for row in report["rows"] if row["name"] == name]
    return found[0] if found and contenders_of(found[0]) else None


def peers_table(report: dict[str, Any]) -> Iterator[str]:
    """Gives each library: what it checks, how long it takes, in how many times ours;
    nothing where the row was not measured."""
    row = _row(report, "peers")
    if row is None:
        return
    checks, found, mark = report.get("checks", {}), contenders_of(row), busy_mark(row)
    yield "| | gives | checks | median | times fastckpt's | 95 % |"
    yield "|---|---|---|---|---|---|"
    ours = found.get("fastckpt")
    for label, samples in sorted(found.items(), key=lambda of: median(of[1])):
        cells = [format_amount(median(samples), "s") + mark, "", ""]
        if ours:
            of = quotient(samples, ours)
            cells[1:] = [
                f"{of.value:.3g}{mark}",
                f"{of.low:.3g} to {of.high:.3g}{mark}",
            ]
        checked = in_words(checks.get(label.removesuffix(", copy=True")))
        gives = row["gives"].get(label, "")
        yield f"| {label} | {gives} | {checked} | {' | '.join(cells)} |"


def scaling_table(report: dict[str, Any]) -> Iterator[str]:
    """Gives how much faster more threads are; what was not measured says so."""
    rows = [row for row in report["rows"] if row["name"].startswith("scale-")]
    if not rows:
        return
    labels = list(dict.fromkeys(label for row in rows for label in _labels(row)))
    yield f"| row | {' | '.join(labels)} |"
    yield "|---" * (len(labels) + 1) + "|"
    for row in rows:
        one = row["samples"].get(threads_label(1))
        cells = [_speedup(row, label, one) for label in labels]
        yield f"| {row['name']} | {' | '.join(cells)} |"


def _labels(row: dict[str, Any]) -> list[str]:
    """Gives the labels of a row by the number of threads."""
    labels = [*row["samples"], *row["missing"]]
    return sorted(labels, key=lambda label: int(label.split()[0]))


def _speedup(row: dict[str, Any], label: str, one: list[float] | None) -> str:
    samples = row["samples"].get(label)
    if not samples or not one:
        return "not measured"
    of = quotient(one, samples)
    amount = format_amount(median(samples), "s")
    return f"{amount}, {of.value:.3g} ({of.low:.3g} to {of.high:.3g}){busy_mark(row)}"
