"""The ledger of instructions: what grew, and what cannot be compared."""

import json
from pathlib import Path

import pytest
from benchmarks.ledger import instructions
from benchmarks.ledger.sections import compare

ROOT = Path(__file__).parents[3]
CONDITIONS = {"NumPy": "2.4", "compiler": "gcc 12"}


def section(**counts: float) -> dict:
    return {"conditions": dict(CONDITIONS), "counts": counts}


def test_a_count_that_grew_by_more_than_3_percent_fails():
    lines, grew = compare("paths", section(open=100.0), section(open=103.1))
    assert grew
    assert lines[1].endswith("GREW")


@pytest.mark.parametrize("now", [103.0, 100.0, 50.0])
def test_a_count_that_grew_by_less_does_not(now):
    assert not compare("paths", section(open=100.0), section(open=now))[1]


@pytest.mark.parametrize("name", ["NumPy", "compiler"])
def test_counts_of_other_conditions_are_not_compared(name):
    other = section(open=900.0)
    other["conditions"][name] = "another"
    (line,), grew = compare("paths", section(open=1.0), other)
    assert not grew
    assert f"NOT COMPARED: {name} is 'another' here and " in line


def test_a_kernel_that_the_cpu_lacks_is_not_compared():
    lines, grew = compare("routines", section(avx512=1.0, sse=1.0), section(sse=1.0))
    assert not grew
    assert lines[-1].endswith("NOT COMPARED: not counted here")


def test_where_nothing_can_be_counted_it_is_said():
    missing = {"missing": "valgrind is not installed"}
    (line,), grew = compare("paths", section(open=1.0), missing)
    assert not grew
    assert line == "paths: NOT COMPARED: valgrind is not installed"


def test_the_committed_ledger_covers_every_path():
    kept = json.loads((ROOT / "benchmarks" / "ledger" / "ledger.json").read_text())
    paths, routines = (kept[title]["counts"] for title in sorted(kept))
    assert list(paths) == list(instructions._WORKS)
    assert any(name.startswith("Snappy") for name in routines)
    assert any(name.startswith("CRC32C of") for name in routines)


def test_parts_of_callgrind_are_read_in_their_order(tmp_path):
    for part in (10, 2, 1):
        (tmp_path / f"part.{part}").write_text(f"desc: x\ntotals: {part}00\n")
    assert instructions.totals(tmp_path) == [100, 200, 1000]


def test_a_work_is_counted_by_the_fewest_of_its_calls():
    between, calls = [9, 9], [[5, 4, 6], [8, 8, 7]]
    parts = [between[0], *calls[0], between[1], *calls[1], 9]
    assert len(calls[0]) == instructions._TIMES
    assert [instructions.fewest(parts, work) for work in (0, 1)] == [4, 7]
