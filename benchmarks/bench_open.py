"""Opening and listing: no data is read."""

from __future__ import annotations

import pytest

from benchmarks import paths

_CASES = paths.cases("views-bert", "views-small", "list", "open")


@pytest.mark.parametrize(("label", "who"), _CASES)
def test_open(benchmark, start, label, who):
    paths.run(benchmark, start(label, who))
