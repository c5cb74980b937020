"""The rows of the table as pytest-benchmark's cases.

Every contender runs in a child, which takes the time itself; the clock that
pytest-benchmark reads is moved on by what the child says.
"""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.rows.all import ROWS
from benchmarks.timing.process import Contender

__all__ = ["CLOCK", "cases", "run"]


class _Clock:
    """Time as the children tell it."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


CLOCK = _Clock()


def cases(*names: str) -> list[Any]:
    """Gives a parameter for each contender of the rows, grouped by row."""
    return [
        pytest.param(
            label,
            who,
            id=f"{row.name}: {label}",
            marks=pytest.mark.benchmark(group=row.name, timer=CLOCK),
        )
        for row in ROWS
        if row.name in names
        for label, who in row.contenders.items()
    ]


def run(benchmark: Any, contender: Contender) -> None:
    """Proves the bytes, then times."""
    contender.prove()

    def ask() -> None:
        CLOCK.now += contender.run()["seconds"]

    benchmark.pedantic(ask, rounds=5, iterations=1)
    contender.prove()
