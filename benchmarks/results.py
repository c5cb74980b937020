"""Fills the generated part of RESULTS.md from a report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks.data import ROOT
from benchmarks.report import goal_table

__all__ = ["write"]

_RESULTS = ROOT / "benchmarks" / "RESULTS.md"
_BEGIN, _END = "<!-- measured: begin -->", "<!-- measured: end -->"


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


def write(path: Path) -> None:
    """Puts conditions and the table of goals between the marks of RESULTS.md."""
    report = json.loads(path.read_text())
    goals = [goal for row in report["rows"] for goal in row["goals"]]
    met = sum(goal["met"] for goal in goals)
    head, _, rest = _RESULTS.read_text().partition(_BEGIN)
    _, _, tail = rest.partition(_END)
    parts = [
        _BEGIN,
        _conditions(report),
        f"{met} of {len(goals)} goals are met.",
        goal_table(report),
        _END,
    ]
    _RESULTS.write_text(head + "\n\n".join(parts) + tail)
