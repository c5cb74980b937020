"""The tables of medians, peers and threads."""

import reports
from benchmarks.reports import tables


def test_everybody_is_in_the_line_of_a_row_but_the_ways_of_floors():
    lines = list(tables.medians_table(reports.whole()))
    (load,) = [line for line in lines if line.startswith("| load ")]
    assert load == "| load | fastckpt 30.4 ms; TensorFlow 406 ms; floor 29.4 ms |"


def test_peers_stand_by_their_time_with_what_they_check():
    lines = list(tables.peers_table(reports.whole()))[2:]
    assert [line.split(" | ")[0] for line in lines] == [
        "| fastckpt", "| safetensors", "| npz",
    ]  # fmt: skip
    assert "| checksums (CorruptionError) |" in lines[0]
    assert "| copies | nothing: a wrong value | 609 ms | 6 |" in lines[1]


def test_a_number_of_threads_that_the_machine_lacks_is_not_measured():
    head, _, line = tables.scaling_table(reports.whole())
    assert head == "| row | 1 thread | 2 threads | 16 threads |"
    assert line.startswith("| scale-load | 1.02 s, 1 (1 to 1) | 609 ms, 1.67 (")
    assert line.endswith("| not measured |")


def test_a_report_without_these_rows_has_no_such_tables():
    report = {"rows": [reports.row("load", fastckpt=[1.0])]}
    assert list(tables.peers_table(report)) == []
    assert list(tables.scaling_table(report)) == []
