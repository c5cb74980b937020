"""Fills the generated parts of RESULTS.md and the README from a report."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.machine.tree import ROOT
from benchmarks.reports.files import write_text
from benchmarks.reports.markdown import (
    busy_mark,
    format_amount,
    goal_table,
    growth_table,
    limits_table,
    not_measured,
    summary,
    title_of,
)
from benchmarks.reports.tables import medians_table, peers_table, scaling_table

__all__ = ["write"]

_RESULTS = ROOT / "benchmarks" / "RESULTS.md"
_MEASURED = ("<!-- measured: begin -->", "<!-- measured: end -->")
_README = ROOT / "README.md"
_FIVE = ("<!-- benchmarks:begin -->", "<!-- benchmarks:end -->")

_GROWTH = """\
How cost grows, in processes of their own: fitted over all sizes, relative errors
weighing the same; the exponent is that between the two largest (1: in proportion)."""

_LIMITS = """\
What the machine can do at most, by the floor program on memory that is kept (the data
in all, nothing checked), and how much of it each path reaches:"""

_MEDIANS = """\
What everybody took, medians; in `report.html` stands every sample:"""

_PEERS = """\
Every library that holds the same tensors, on a file of its own, as its documentation
advises: open, load, and a sum over every byte, alike for all. What each checks was
found by flipping a bit of a value in its file and loading it again:"""

_SCALING = """\
Medians by the number of threads, and how many times faster than one that is:"""

# What matters most: a row, and the labels of its columns.
_COLUMNS = ("fastckpt", "TensorFlow", "safetensors", "floor")
_ROWS = {
    "load": _COLUMNS,
    "load-into": ("fastckpt", "", "", "floor"),
    "load-copy": _COLUMNS,
    "list": ("fastckpt", "TensorFlow", "safetensors", ""),
    "new-process": ("fastckpt", "TensorFlow", "safetensors", "NumPy"),
    "save": ("fastckpt", "TensorFlow + fsync", "", "floor"),
}


def _conditions(report: dict[str, Any]) -> str:
    found = report["conditions"]
    packages = ", ".join(f"{name} {v}" for name, v in found["packages"].items() if v)
    return "\n".join(
        [
            f"Made by `{report['command']}` at commit {found['commit']}, data of "
            f"{found['data']['nbytes'] >> 20} MiB.",
            "",
            f"- machine: {found['cpus']} CPUs, {found['cpu']}, {found['memory']}, "
            f"Linux {found['kernel']}, huge pages {found['huge pages']}",
            f"- CPU features: {', '.join(found['cpu features'])}; CRC32C by the kernel "
            f"`{found['crc32c']}`",
            f"- when it began: {_state(found)}",
            f"- fastckpt {found['fastckpt']}, Python {found['python']}",
            f"- {packages}",
            f"- build: {', '.join(found['flags'].values())}",
        ]
    )


def _state(found: dict[str, Any]) -> str:
    """Gives what others did on the machine."""
    state = ", ".join(f"{name} {value:.3g}" for name, value in found["state"].items())
    if not found["busy"]:
        return f"quiet ({state})"
    return f"**busy**: {'; '.join(found['busy'])}; so every number is marked"


def _cell(row: dict[str, Any], label: str) -> str:
    """Gives a median with what the caller has in the end: views or copies."""
    samples = row["samples"].get(label)
    if not samples:
        return ""
    gives = row["gives"].get(label)
    amount = format_amount(median(samples), "s") + busy_mark(row)
    return f"{amount}, {gives}" if gives else amount


def _five_rows(report: dict[str, Any]) -> str:
    rows = {row["name"]: row for row in report["rows"]}
    lines = [f"| | {' | '.join(_COLUMNS)} |", "|---" * (len(_COLUMNS) + 1) + "|"]
    for name, labels in _ROWS.items():
        row = rows[name]
        cells = " | ".join(_cell(row, label) for label in labels)
        lines.append(f"| {title_of(row)} | {cells} |")
    found = report["conditions"]
    return "\n".join(
        [
            f"On {found['cpus']} CPUs ({found['cpu']}; CRC32C by {found['crc32c']}), "
            "warm; medians of one interleaved run.",
            "Who gives views has read every byte, to check it, and copied none; "
            "safetensors has no checksums. The floor is the",
            "best known way, of many tried, to do the same work on the same bytes in a "
            "plain C++ program; for a new process",
            "it is NumPy alone.",
            "",
            *lines,
        ]
    )


def _put(file: Path, marks: tuple[str, str], text: str) -> None:
    """Puts text between two marks; what stands around them stays.

    Raises:
        SystemExit: A mark is missing, or there twice: nobody knows what to replace.
    """
    whole = file.read_text()
    begin, end = whole.find(marks[0]), whole.find(marks[1])
    if any(whole.count(mark) != 1 for mark in marks) or end < begin:
        raise SystemExit(f"{file}: {marks[0]} and {marks[1]} must be there once each")
    head, tail = whole[:begin], whole[end:]
    write_text(file, f"{head}{marks[0]}\n{text}\n{tail}")


def _nothing(_: dict[str, Any]) -> list[str]:
    return []


def write(report: dict[str, Any]) -> None:
    """Makes all tables of RESULTS.md from a report, and puts the chosen rows into the
    README."""
    missing = _ROWS.keys() - {row["name"] for row in report["rows"]}
    if missing:
        raise SystemExit(f"the report lacks rows: {', '.join(sorted(missing))}")
    parts = [_conditions(report), summary(report), goal_table(report)]
    parts += [text] if (text := not_measured(report)) else []
    parts += [_LIMITS, "\n".join(limits_table(report))]
    for words, table in (
        (_PEERS, peers_table),
        (_SCALING, scaling_table),
        (_GROWTH, growth_table if report["growth"] else _nothing),
        (_MEDIANS, medians_table),
    ):
        lines = list(table(report))
        parts += [words, "\n".join(lines)] if lines else []
    _put(_RESULTS, _MEASURED, "\n\n".join(parts))
    _put(_README, _FIVE, _five_rows(report))
