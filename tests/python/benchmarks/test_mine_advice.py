"""Advice: only what was measured, with its numbers."""

import pytest
import reports
from benchmarks.mine import advice as mine_advice
from benchmarks.mine import run as mine_run
from benchmarks.rows.row import Measured


def io_row(mmap: float, read: float) -> dict:
    row = reports.row("mine-io")
    row["samples"] = {
        'io="mmap"': reports.spread(mmap), 'io="read"': reports.spread(read),
    }  # fmt: skip
    return row


def of(row: dict, about: str, io: str = "mmap") -> mine_advice.Advice:
    found = {advice.about: advice for advice in mine_advice.advise([row], io)}
    return found[about]


@pytest.mark.parametrize(
    ("read", "verdict", "end"),
    [(0.5, "faster", 'faster: open(..., io="read"), which makes copies'),
     (2.0, "slower", "leave it"), (0.99, "no difference", "leave it")],
)  # fmt: skip
def test_a_mode_is_advised_where_it_was_faster(read, verdict, end):
    found = of(io_row(1.0, read), "io mode, warm")
    assert found.verdict == verdict
    assert found.text.endswith(end)
    assert f"{read:.3g} of it (" in found.text


def test_the_mode_that_is_used_already_is_the_one_that_is_compared_with():
    found = of(io_row(0.5, 1.0), "io mode, warm", "read")
    assert found.verdict == "faster"
    assert found.text.endswith('open(..., io="mmap")')


def test_what_was_not_measured_gives_its_reason_and_no_advice():
    row = reports.row("mine-folios")
    row["samples"] = {"as found": [1.0, 1.0]}
    row["missing"] = {"read anew in order": "this file system keeps its pages"}
    found = of(row, "folios")
    assert found.verdict == "not measured"
    assert "read anew in order: this file system keeps its pages" in found.text


def test_a_file_that_was_not_cached_is_compared_as_the_first_load_left_it():
    row = reports.row("mine-folios")
    row["measure"] = "mine.folios.measure"
    row["samples"] = {"as the first load left it": [1.0] * 9,
                      "read anew in order": [0.5] * 9}  # fmt: skip
    found = of(row, "folios")
    assert found.verdict == "faster"
    assert found.text.startswith("folios: as the first load left it takes 1 s, ")


def test_what_was_not_asked_for_is_not_called_needless():
    assert mine_advice.advise([]) == []
    (found,) = mine_advice.advise([], needless={"mine-align": "it is aligned"})
    assert found == ("alignment", "not measured", "alignment: it is aligned")


@pytest.mark.parametrize(("without", "verdict"), [(0.5, "faster"), (2.0, "slower")])
def test_huge_pages_are_there_unless_turned_off(without, verdict):
    row = reports.row("mine-huge-pages")
    row["samples"] = {
        "huge pages": reports.spread(1.0), "no huge pages": reports.spread(without),
    }  # fmt: skip
    found = of(row, "huge pages")
    assert found.verdict == verdict
    assert "huge pages takes 1.02 s, no huge pages " in found.text
    assert ("PR_SET_THP_DISABLE" in found.text) == (without < 1)


def test_cold_times_that_were_none_keep_what_was_missing_before():
    measured = Measured(
        {"as it is": [1.0, 1.0]}, resident=1 << 30, missing={"rewritten": "no room"}
    )
    measured = mine_run._only_cold(measured, 1 << 30)
    assert measured.missing.keys() == {"as it is", "rewritten"}
    row = reports.row("mine-shards-cold") | {"missing": measured.missing}
    assert of(row, "shards, cold").verdict == "not measured"


def test_a_median_stands_by_what_the_caller_has_in_the_end():
    row = reports.row("mine-load", a=[1.0], b=[2.0]) | {"gives": {"b": "copies"}}
    assert mine_run._medians(row) == ["a 1 s", "b (copies) 2 s"]


def test_faults_stand_beside_what_they_explain():
    row = reports.row("mine-folios")
    row["measure"] = "mine.folios.measure"
    row["samples"] = {"as found": [1.0] * 9, "read anew in order": [0.5] * 9}
    faults = reports.row("mine-faults")
    faults["samples"] = {"as found": [4096.0], "read anew in order": [16.0]}
    (found,) = [a for a in mine_advice.advise([row, faults]) if a.about == "folios"]
    assert found.verdict == "faster"
    assert "Page faults of a load: 4,096 as found, 16 read anew in order." in found.text


def test_a_busy_machine_is_said_with_the_advice():
    row = io_row(1.0, 0.5)
    row["busy"] = ["others run"]
    assert of(row, "io mode, warm").text.endswith("(the machine was busy)")
