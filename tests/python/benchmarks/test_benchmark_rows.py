"""The command line of the suite, and the names of its rows."""

import re
import sys
from pathlib import Path

import pytest
from benchmarks.__main__ import main
from benchmarks.data import facts
from benchmarks.rows.all import ROWS
from benchmarks.rows.row import Child, Context, Row
from benchmarks.timing.turns import run_row

import children

ROOT = Path(__file__).parents[3]


def test_unknown_rows_are_refused_before_any_work(capsys, tmp_path):
    assert main(["--rows", "load,nope", "--out", str(tmp_path)]) == 2
    assert "no such row: nope; there are: load, " in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_list_names_every_row_with_its_real_sizes(capsys):
    assert main(["--list", "--size", "64MiB", "--tensors", "1000"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [row.name for row in ROWS]
    (small,) = [line for line in lines if line.startswith("views-small")]
    assert "1,000 tensors" in small
    assert small.endswith("(view: no byte is touched)")


@pytest.mark.parametrize(
    "option", ["--help", "--list", "mine --help", "compare --help", "plot --help"]
)
def test_the_suite_tells_of_itself_without_anything_installed(option):
    # -S: no site-packages, so neither NumPy nor one of the peers.
    command = [sys.executable, "-S", "-m", "benchmarks", *option.split()]
    done = children.run(command, cwd=ROOT, env={"PATH": ""})
    assert done.returncode == 0, done.stderr


def test_the_docs_name_the_rows_as_the_program_does():
    text = (ROOT / "docs" / "benchmarks.md").read_text()
    section = text.split("## The rows")[1].split("## ")[0]
    named = [
        name
        for line in section.splitlines()
        if line.startswith("| ") and not line.startswith("| row |")
        for name in re.findall(r"[\w-]+", line.split("|")[1])
    ]
    assert named == [row.name for row in ROWS]


def test_titles_hold_no_size_of_their_own():
    for row in ROWS:
        assert not re.search(r"\d{3} ?[MG]i?B|\d,000", row.title), row.title


def test_contenders_that_give_different_things_say_so():
    for name in ("load", "load-copy", "views-small", "one-tensor", "cold"):
        (row,) = [row for row in ROWS if row.name == name]
        for label, who in row.contenders.items():
            assert not isinstance(who, Child) or who.gives, (name, label)


@pytest.mark.parametrize(
    ("size", "text"),
    [(100, "100 B"), (12_800_000, "12.21 MiB"), (1 << 30, "1 GiB"), (1 << 12, "4 KiB")],
)
def test_sizes_are_told_in_the_largest_unit_that_fits(size, text):
    assert facts.in_bytes(size) == text


def test_a_row_of_which_nobody_is_installed_is_not_measured(tmp_path):
    who = Child("with_nothing", "nope", needs="numpy no_such_module")
    row = Row("name", "title", {"peer": who})
    context = Context(None, "floor", 1, 1)
    measured = run_row(row, context)
    assert measured.samples == {}
    assert measured.missing == {"peer": "no_such_module is not installed"}
