"""A row of the table: who is measured, and what the ratios should be."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from benchmarks.data import Data

__all__ = ["Child", "Context", "Floor", "Goal", "Row", "Samples"]

Samples = dict[str, list[float]]


class Child(NamedTuple):
    """A function of a module of `contenders`, in a process of its own."""

    module: str
    function: str
    arguments: Mapping[str, Any] = {}


class Floor(NamedTuple):
    """One of the works of the floor program."""

    work: str
    dataset: str = "bert"
    table: str = "bert"
    threads: int | None = None


class Goal(NamedTuple):
    """A bound on a quotient of medians, or on a median where `bottom` is empty.

    Attributes:
        text: What is bounded, for people.
        limit: The bound.
        top: The label of what is divided.
        bottom: The labels of what divides; the smallest median counts.
        at_least: Whether the bound is a lower one.
    """

    text: str
    limit: float
    top: str
    bottom: tuple[str, ...] = ()
    at_least: bool = False

    def value(self, samples: Samples) -> float | None:
        """Gives the measured quotient; None where one of the sides is missing."""
        medians = {label: statistics.median(s) for label, s in samples.items() if s}
        below = [medians[label] for label in self.bottom if label in medians]
        if self.top not in medians or (self.bottom and not below):
            return None
        return medians[self.top] / (min(below) if below else 1.0)

    def is_met(self, value: float) -> bool:
        return value >= self.limit if self.at_least else value <= self.limit


# Turns are repeated until they took that many seconds, or so many times as often as
# asked: a median of few short times is at the mercy of the machine.
_ENOUGH = 10.0
_MOST_TURNS = 5


class Context(NamedTuple):
    """What every measurement needs to know."""

    data: Data
    floor: str
    repeats: int
    threads: int

    def turns(self, seconds: float) -> int:
        """Gives how often to take turns that last so long: short ones more often."""
        most = self.repeats * _MOST_TURNS
        return max(self.repeats, min(most, int(_ENOUGH / max(seconds, 1e-6))))


class Row(NamedTuple):
    """A path: its contenders, interleaved, or a function that measures them.

    Attributes:
        name: Short, for the command line and the report.
        title: For people.
        contenders: {label: who}.
        goals: The bounds.
        measure: For what no case can time; gives the samples.
        is_view: Whether no byte of data is touched within the time.
        unit: Of the samples.
    """

    name: str
    title: str
    contenders: Mapping[str, Child | Floor] = {}
    goals: tuple[Goal, ...] = ()
    measure: Callable[[Context], Samples] | None = None
    is_view: bool = False
    unit: str = "s"
