"""Several processes and threads on one checkpoint; each child proves its bytes."""

from __future__ import annotations

import pytest

from benchmarks.measures import processes
from benchmarks.timing import pytest_cases


@pytest.mark.parametrize("mode", ["fork", "spawn", "TensorFlow"])
@pytest.mark.benchmark(group="4 workers, every tensor", timer=pytest_cases.CLOCK)
def test_workers(benchmark, context, mode):
    def work() -> dict[str, float]:
        found = processes.run_workers(context, mode)
        pytest_cases.CLOCK.now += found["seconds"]
        return found

    found = benchmark.pedantic(work, rounds=3, iterations=1)
    benchmark.extra_info.update(found)
