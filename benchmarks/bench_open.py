"""Opening and listing: no data is read."""

from __future__ import annotations

import pytest

from benchmarks.timing import pytest_cases

_CASES = pytest_cases.cases("views-bert", "views-small", "list", "open")


@pytest.mark.parametrize(("label", "who"), _CASES)
def test_open(benchmark, start, label, who):
    pytest_cases.run(benchmark, start(label, who))
