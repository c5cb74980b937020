"""Saving, with everything on the disk at the end."""

from __future__ import annotations

import pytest

from benchmarks import paths

_CASES = paths.cases("save")


@pytest.mark.parametrize(("label", "who"), _CASES)
def test_write(benchmark, start, label, who):
    paths.run(benchmark, start(label, who))
