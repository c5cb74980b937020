"""Rows that want a larger machine."""

import os

import pytest
from benchmarks.rows import scaling
from benchmarks.rows.row import Context
from benchmarks.timing import turns


@pytest.mark.parametrize("row", scaling.ROWS, ids=lambda row: row.name)
def test_where_the_machine_is_too_small_it_is_said(row, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0})
    missing = turns._missing(row)
    if row.name == "torch-cuda":
        assert set(missing) == set(row.contenders)
        assert all("GPU" in why or "not installed" in why for why in missing.values())
        return
    assert list(missing) == ["2 threads", "4 threads", "8 threads", "16 threads"]
    assert set(missing.values()) == {"the machine has 1 CPUs"}


def test_rows_go_to_16_threads():
    rows = [row for row in scaling.ROWS if row.name.startswith("scale-")]
    assert [row.name for row in rows] == [
        "scale-load", "scale-copy", "scale-verify", "scale-rows",
    ]  # fmt: skip
    for row in rows:
        asked = [who.arguments["threads"] for who in row.contenders.values()]
        assert asked == [1, 2, 4, 8, 16]


def test_a_row_of_the_gpu_is_not_measured_without_one(monkeypatch):
    (row,) = [row for row in scaling.ROWS if row.name == "torch-cuda"]
    monkeypatch.setattr("benchmarks.machine.needs._GPUS", ())
    found = turns.run_row(row, Context(None, "", 1, 1))
    assert found.samples == {}
    assert set(found.missing) == set(row.contenders)
