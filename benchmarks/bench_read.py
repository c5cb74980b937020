"""Loading, copying, reading a part, checking."""

from __future__ import annotations

import pytest

from benchmarks.timing import pytest_cases

_CASES = pytest_cases.cases(
    "load",
    "load-into",
    "load-copy",
    "one-tensor",
    "rows-embedding",
    "rows-partitioned",
    "verify",
    "cold",
    "resnet",
    "strings",
)


@pytest.mark.parametrize(("label", "who"), _CASES)
def test_read(benchmark, start, label, who):
    pytest_cases.run(benchmark, start(label, who))
