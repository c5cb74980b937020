"""Data and children for the pytest-benchmark files.

FASTCKPT_BENCHMARK_SIZE gives the size of the data, 64MiB if it is not set.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from benchmarks import machine
from benchmarks.__main__ import parse_size
from benchmarks.data import OUT, ensure
from benchmarks.floor_build import build_floor
from benchmarks.measure import Contender, remove_saved
from benchmarks.measure import start as start_child
from benchmarks.row import Context


@pytest.fixture(scope="session")
def context() -> Iterator[Context]:
    machine.refuse_debug_build()
    size = parse_size(os.environ.get("FASTCKPT_BENCHMARK_SIZE", "64MiB"))
    floor = os.environ.get("FASTCKPT_FLOOR") or build_floor(OUT / "build")
    data = ensure(OUT, size, 10_000)
    threads = machine.conditions(data, None)["cpus"]
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
