"""What a run writes, and how it is repeated."""

import argparse

import reports
from benchmarks import run
from benchmarks.machine import room
from benchmarks.reports import markdown, page


def options(**more: object) -> argparse.Namespace:
    given = {"size": 1 << 30, "tensors": 100_000, "repeats": 8, "rows": "",
             "busy": False, "growth": True, "max_count": 10**6,
             "max_bytes": 8 << 30, "out": "."} | more  # fmt: skip
    return argparse.Namespace(**given)


def test_the_command_repeats_the_run():
    plain = "python -m benchmarks --size 1024MiB --tensors 100000 --repeats 8"
    assert run._command(options()) == plain
    assert run._command(options(max_count=1000)) == (
        f"{plain} --max-count 1000 --max-bytes 8192MiB"
    )
    assert run._command(options(growth=False, max_count=1)) == f"{plain} --no-growth"


def test_the_report_for_people_has_the_peers_and_the_threads():
    text = run._markdown(reports.whole())
    assert "## Other libraries, and what they check" in text
    assert "## Threads" in text
    assert text.endswith("|\n")


def test_sizes_without_room_are_left_out_and_said(monkeypatch):
    monkeypatch.setattr(room, "largest_growth", lambda _: 1 << 30)
    assert run._too_large(options()) == [1 << 32, 8 << 30]
    assert run._too_large(options(growth=False)) == []
    whole = reports.whole() | {"growth left out": [1 << 32, 8 << 30]}
    words = "Not measured: 4 GiB, 8 GiB (no room on the disk or in memory)."
    assert words in "\n".join(markdown.growth_table(whole))
    assert words in page.of_report(whole)


def test_growth_goes_to_a_million_tensors_and_8_gib():
    assert run._powers(10, 2, 1, 10**6)[-1] == 10**6
    assert run._powers(2, 20, 2, 8 << 30)[-2:] == [4 << 30, 8 << 30]
