"""Saving, with everything on the disk at the end."""

from __future__ import annotations

import pytest

from benchmarks.timing import pytest_cases

_CASES = pytest_cases.cases("save")


@pytest.mark.parametrize(("label", "who"), _CASES)
def test_write(benchmark, start, label, who):
    pytest_cases.run(benchmark, start(label, who))
