"""Fills the generated parts of RESULTS.md and the README from a report."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.data import ROOT
from benchmarks.report import format_amount, goal_table, growth_table

__all__ = ["write"]

_RESULTS = ROOT / "benchmarks" / "RESULTS.md"
_MEASURED = ("<!-- measured: begin -->", "<!-- measured: end -->")
_README = ROOT / "README.md"
_FIVE = ("<!-- benchmarks:begin -->", "<!-- benchmarks:end -->")

_GROWTH = """\
How cost grows, in processes of their own: fitted over all sizes, relative errors
weighing the same; the exponent is that between the two largest (1: in proportion)."""

# What matters most: a row, its title, and the labels of its columns.
_COLUMNS = ("fastckpt", "TensorFlow", "safetensors", "floor")
_ROWS = (
    (
        "load",
        "`load()`, every checksum checked",
        ("fastckpt", "TensorFlow", "safetensors", "floor: map + CRC32C"),
    ),
    (
        "load-copy",
        "`load(copy=True)`, checked",
        ("fastckpt", "TensorFlow", "safetensors", "floor: CRC32C + copy"),
    ),
    (
        "list",
        "100,000 tensors: open, names, dtypes, shapes",
        ("fastckpt", "TensorFlow", "safetensors", ""),
    ),
    (
        "new-process",
        "one tensor in a new process: start, import, open, read",
        ("fastckpt", "TensorFlow", "safetensors", "NumPy"),
    ),
    (
        "save",
        "`save`, on the disk when it returns",
        ("fastckpt", "TensorFlow + fsync", "", "floor: write + fsync"),
    ),
)


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
            f"- load when it began: {found['load'][0]:.2f}",
            f"- fastckpt {found['fastckpt']}, CRC32C by {found['crc32c']}, "
            f"Python {found['python']}",
            f"- {packages}",
            f"- build: {', '.join(found['flags'].values())}",
        ]
    )


def _five_rows(report: dict[str, Any]) -> str:
    rows = {row["name"]: row["samples"] for row in report["rows"]}
    lines = [f"| | {' | '.join(_COLUMNS)} |", "|---" * (len(_COLUMNS) + 1) + "|"]
    for name, title, labels in _ROWS:
        samples = rows[name]
        cells = [
            format_amount(median(samples[label]), "s") if label else ""
            for label in labels
        ]
        lines.append(f"| {title} | {' | '.join(cells)} |")
    found = report["conditions"]
    size = f"{found['data']['nbytes'] >> 20} MiB"
    return "\n".join(
        [
            f"A checkpoint of {size} on {found['cpus']} CPUs ({found['cpu']}), warm; "
            "medians of one interleaved run. safetensors has no",
            "checksums; the floor is a plain C++ program for the same work on the same "
            "bytes, for a new process NumPy alone.",
            "",
            *lines,
        ]
    )


def _put(file: Path, marks: tuple[str, str], text: str) -> None:
    head, _, rest = file.read_text().partition(marks[0])
    _, _, tail = rest.partition(marks[1])
    file.write_text(f"{head}{marks[0]}\n{text}\n{marks[1]}{tail}")


def write(path: Path) -> None:
    """Puts conditions and goals into RESULTS.md, the five rows into the README."""
    report = json.loads(path.read_text())
    goals = [goal for row in report["rows"] for goal in row["goals"]]
    met = sum(goal["met"] for goal in goals)
    summary = f"{met} of {len(goals)} goals are met."
    parts = [_conditions(report), summary, goal_table(report)]
    if report["growth"]:
        parts += [_GROWTH, "\n".join(growth_table(report["growth"]))]
    _put(_RESULTS, _MEASURED, "\n\n".join(parts))
    _put(_README, _FIVE, _five_rows(report))
