"""Data and children for the pytest-benchmark files.

FASTCKPT_BENCHMARK_SIZE gives the size of the data, 64MiB if it is not set.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from benchmarks.__main__ import parse_size
from benchmarks.data.folder import ensure
from benchmarks.machine.conditions import conditions, refuse_debug_build
from benchmarks.machine.programs import build_floor
from benchmarks.machine.tree import OUT
from benchmarks.rows.row import Context
from benchmarks.timing.process import Contender
from benchmarks.timing.process import start as start_child
from benchmarks.timing.turns import remove_saved


@pytest.fixture(scope="session")
def context() -> Iterator[Context]:
    refuse_debug_build()
    size = parse_size(os.environ.get("FASTCKPT_BENCHMARK_SIZE", "64MiB"))
    floor = os.environ.get("FASTCKPT_FLOOR") or build_floor(OUT / "build")
    data = ensure(OUT, size, 10_000)
    threads = conditions(data.prefix("bert"), None)["cpus"]
    context = Context(data, floor, turns=3, threads=threads)
    yield context
    remove_saved(context)


@pytest.fixture
def start(context: Context) -> Iterator[object]:
    """Starts children that end with the test."""
    started: list[Contender] = []

    def begin(label: str, who: object) -> Contender:
        # Of a floor, the plainest way: the table of goals tries them all.
        started.append(start_child(label, who, context)[0])
        return started[-1]

    yield begin
    for contender in started:
        contender.process.close()


def pytest_report_header() -> list[str]:
    return [f"benchmarks: load {os.getloadavg()}"]
