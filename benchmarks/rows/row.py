"""A row of the table: who is measured, and what the ratios should be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from benchmarks.data.folder import Data

__all__ = ["Bound", "Child", "Context", "Floor", "Goal", "Measured", "Row", "Samples"]

Samples = dict[str, list[float]]


class Child(NamedTuple):
    """A function of a module of `contenders`, in a process of its own.

    Attributes:
        gives: What the caller has in the end, where that differs between the
            contenders of a row: "views", "copies", "handles".
        needs: What it is not measured without; see `needs`.
    """

    module: str
    function: str
    arguments: Mapping[str, Any] = {}
    gives: str = ""
    needs: str = ""

    @property
    def is_ours(self) -> bool:
        """Whether it takes part in every turn."""
        return self.module.startswith("ours")


class Floor(NamedTuple):
    """A path of the floor program: the best of the ways that it knows.

    Attributes:
        ways: Which ways are tried; empty: all of the path's.
        threads: With how many threads; empty: with one, and with all.
    """

    path: str
    dataset: str = "bert"
    table: str = "bert"
    ways: tuple[str, ...] = ()
    threads: tuple[int, ...] = ()


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


class Bound(NamedTuple):
    """Which of the machine's limits bounds a row, and whose bytes it moves."""

    limit: str
    dataset: str = "bert"


class Context(NamedTuple):
    """What every measurement needs to know.

    Attributes:
        turns: How many turns are taken at least.
    """

    data: Data
    floor: str
    turns: int
    threads: int


class Measured(NamedTuple):
    """What a row gave.

    Attributes:
        samples: Seconds, or of the row's unit, by contender.
        floors: {label of a floor: the label of its winner}. The label's own samples
            are those of the winner that did not pick it, the odd ones.
        tried: {label of a floor: {way: its fastest time when it was tried}}.
        resident: The most bytes of the file that were in the page cache when a cold
            run began; None where no run was cold.
        missing: {label of who was not measured: the reason}.
    """

    samples: Samples
    floors: Mapping[str, str] = {}
    tried: Mapping[str, Mapping[str, float]] = {}
    resident: int | None = None
    missing: Mapping[str, str] = {}


class Row(NamedTuple):
    """A path: its contenders, interleaved, or a function that measures them.

    Attributes:
        name: Short, for the command line and the report.
        title: For people; names of `facts` in braces stand for the real sizes.
        contenders: {label: who}.
        goals: The bounds.
        measure: The name of a function of this package, for what no case can time; it
            gives the samples.
        is_view: Whether no byte of data is touched within the time.
        unit: Of the samples.
        bound: What the machine allows.
    """

    name: str
    title: str
    contenders: Mapping[str, Child | Floor] = {}
    goals: tuple[Goal, ...] = ()
    measure: str = ""
    is_view: bool = False
    unit: str = "s"
    bound: Bound | None = None
