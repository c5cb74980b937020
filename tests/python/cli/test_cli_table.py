"""Rows in aligned columns on any width."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fastckpt.cli.render.table import format_table
from fastckpt.cli.render.text import display_width

HEADER = ("name", "dtype", "size")
ROWS = [("bias", "float32", "40 B"), ("dense/kernel", "int64", "1.0 KiB")]


def table(rows=ROWS, width=None):
    return list(format_table(HEADER, rows, frozenset({"size"}), width))


def test_columns_are_aligned_and_numbers_end_together():
    assert table() == [
        "name          dtype       size",
        "bias          float32     40 B",
        "dense/kernel  int64    1.0 KiB",
    ]


def test_a_terminal_of_that_very_width_changes_nothing():
    assert table(width=30) == table()


def test_a_name_too_long_for_the_terminal_has_a_line_of_its_own():
    rows = [("a", "int8", "1 B"), ("a/rather/long/name/" * 2, "int8", "1 B")]
    assert table(rows, width=30) == [
        "name               dtype  size",
        "a                  int8    1 B",
        "a/rather/long/name/a/rather/long/name/",
        "                   int8    1 B",
    ]


def test_on_a_very_narrow_terminal_details_go_under_an_indent():
    assert table(width=22) == [
        "name",
        "    dtype       size",
        "bias",
        "    float32     40 B",
        "dense/kernel",
        "    int64    1.0 KiB",
    ]


def test_where_not_even_details_fit_each_has_its_title_and_is_whole():
    rows = [("a/name", "float32", "(3, 4)", "1.0 KiB")]
    lines = format_table(("name", "dtype", "shape", "size"), rows, frozenset(), 20)
    assert list(lines) == [
        "name",
        "a/name",
        "    dtype float32",
        "    shape (3, 4)",
        "    size 1.0 KiB",
    ]


def test_a_long_last_text_has_a_line_of_its_own_only_where_it_does_not_fit():
    rows = [("a", "int8", "key"), ("b", "int8", "a/very/long/key/of/it")]
    assert list(format_table(("path", "dtype", "key"), rows, width=20)) == [
        "path  dtype  key",
        "a     int8   key",
        "b     int8",
        "    a/very/long/key/of/it",
    ]


def test_in_a_pipe_a_monstrous_name_does_not_pad_the_others():
    lines = table([("x" * 1000, "int8", "1 B"), ("y", "int8", "1 B")])
    assert lines[1] == "x" * 1000 + "  int8    1 B"
    assert len(lines[2]) < 150


def test_wide_characters_count_twice():
    lines = table([("重み", "int8", "1 B"), ("abcd", "int8", "1 B")])
    assert lines[1].replace("重み", "abcd") == lines[2]


def test_no_rows_leave_the_header():
    assert table([]) == ["name  dtype  size"]


printable = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1)
rows = st.lists(st.tuples(printable, st.just("int8"), st.just("1 B")), max_size=5)


@given(rows, st.none() | st.integers(1, 60))
def test_every_name_is_whole_and_only_names_exceed_the_terminal(rows, width):
    lines = table(rows, width)
    for name, *_ in rows:
        assert any(line.startswith(name) for line in lines)
    if width is not None and width > 30:
        names = {name for name, *_ in rows}
        assert all(display_width(x) <= width for x in lines if x not in names)


@given(rows)
def test_in_a_pipe_each_row_is_one_line(rows):
    assert len(table(rows)) == len(rows) + 1
