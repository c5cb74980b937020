"""`python -m benchmarks compare A.json B.json`: two results side by side."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.reports.files import (
    Refusal,
    printable,
    read_report,
    write_json,
    write_text,
)

__all__ = ["SCHEMA", "add_arguments", "compare", "in_words", "run"]

SCHEMA = "fastckpt-benchmarks/compare/1"

_CHANGES = {"available", "state", "explain", "page cache", "busy"}
"""Conditions that differ between any two runs."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Tells the options."""
    parser.add_argument("a", type=Path, help="a result of a run, or of mine")
    parser.add_argument("b", type=Path, help="another of the same kind")


def _kind(report: dict[str, Any]) -> str:
    # Reports of runs from before they had a schema are runs.
    return str(report.get("schema", "fastckpt-benchmarks/run/1"))


def _flat(conditions: dict[str, Any]) -> dict[str, str]:
    """Gives conditions as words, those in dicts by both keys."""
    found: dict[str, str] = {}
    for name, value in conditions.items():
        if name in _CHANGES:
            continue
        items = value.items() if isinstance(value, dict) else [("", value)]
        found |= {f"{name} {key}".strip(): str(item) for key, item in items}
    return found


def _differences(a: dict[str, Any], b: dict[str, Any]) -> list[str]:
    """Says what is different about the machines, the versions and the data."""
    found = []
    for key, before in (("conditions", ""), ("checkpoint", "checkpoint ")):
        left, right = (_flat(report.get(key, {})) for report in (a, b))
        found += [
            f"{before}{name}: {left.get(name, 'unknown')} | "
            f"{right.get(name, 'unknown')}"
            for name in dict.fromkeys([*left, *right])
            if left.get(name) != right.get(name)
        ]
    return found


def _verdict(low: float, high: float) -> str:
    if high < 1:
        return "less"
    return "more" if low > 1 else "cannot tell"


def _line(a: dict[str, Any], b: dict[str, Any], label: str) -> dict[str, Any] | str:
    """Gives what is to be said of a contender, or why there is nothing."""
    from benchmarks.timing.intervals import quotient

    samples = [row["samples"].get(label) for row in (a, b)]
    if not all(samples):
        return "not in both"
    if any(sample <= 0 for side in samples for sample in side):
        return "a sample is 0"
    found = quotient(samples[1], samples[0], one_run=False)
    return {
        "row": a["name"],
        "who": label,
        "unit": a["unit"],
        "a": median(samples[0]),
        "b": median(samples[1]),
        "b / a": found.value,
        "low": found.low,
        "high": found.high,
        # One sample has no interval: nothing can be told from it.
        "verdict": "cannot tell"
        if min(map(len, samples)) < 2
        else _verdict(found.low, found.high),
        "busy": bool(a["busy"] or b["busy"]),
    }


def compare(a: dict[str, Any], b: dict[str, Any]) -> dict[str, Any]:
    """Gives what is in both, side by side, and what is in one alone.

    Raises:
        Refusal: One is of a run of the suite, the other of somebody's file.
    """
    if _kind(a) != _kind(b):
        raise Refusal(f"two kinds of results: {_kind(a)} and {_kind(b)}")
    left, right = ({row["name"]: row for row in of["rows"]} for of in (a, b))
    lines, alone = [], []
    for name in dict.fromkeys([*left, *right]):
        if name not in left or name not in right:
            alone.append(f"{name}: only in {'A' if name in left else 'B'}")
            continue
        rows = left[name], right[name]
        others = [
            f"{name}: {rows[0][key]} | {rows[1][key]}"
            for key in ("title", "unit")
            if rows[0][key] != rows[1][key]
        ]
        alone += others
        if others:  # other work, or other numbers
            continue
        for label in dict.fromkeys([*rows[0]["samples"], *rows[1]["samples"]]):
            line = _line(*rows, label)
            if isinstance(line, str):
                alone.append(f"{name}: {label}: {line}")
            else:
                lines.append(line)
    return {
        "schema": SCHEMA,
        "of": _kind(a),
        "differences": _differences(a, b),
        "lines": lines,
        "alone": alone,
    }


def in_words(found: dict[str, Any]) -> Iterator[str]:
    """Gives the comparison as Markdown."""
    from benchmarks.reports.markdown import format_amount

    yield "# A beside B\n"
    if found["differences"]:
        yield "Not from the same machine, versions and data (A | B):\n"
        yield from (f"- {text}" for text in found["differences"])
    else:
        yield "The machine, the versions and the data are the same."
    verdicts = [line["verdict"] for line in found["lines"]]
    yield (
        f"\nB takes less in {verdicts.count('less')} and more in "
        f"{verdicts.count('more')} of {len(verdicts)}; of the others the intervals "
        "cannot tell.\n"
    )
    yield "| row | who | A | B | B / A | 95 % | |"
    yield "|---|---|---|---|---|---|---|"
    for line in found["lines"]:
        amounts = " | ".join(format_amount(line[side], line["unit"]) for side in "ab")
        busy = " (busy)" if line["busy"] else ""
        mark = "" if line["verdict"] == "cannot tell" else f"**{line['verdict']}**"
        yield (
            f"| {line['row']} | {line['who']} | {amounts} | {line['b / a']:.3g}{busy} "
            f"| {line['low']:.3g} to {line['high']:.3g} | {mark} |"
        )
    if found["alone"]:
        yield "\nNot compared:\n"
        yield from (f"- {text}" for text in found["alone"])


def run(options: argparse.Namespace) -> int:
    """Says and writes the comparison: compare.json and compare.md."""
    found = compare(read_report(options.a), read_report(options.b))
    text = "\n".join(in_words(found))
    write_json(options.out / "compare.json", found)
    write_text(options.out / "compare.md", f"{text}\n")
    print(printable(text), flush=True)
    return 0
