"""Loading, copying, reading a part, checking."""

from __future__ import annotations

import pytest

from benchmarks import paths

_CASES = paths.cases(
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
    paths.run(benchmark, start(label, who))
