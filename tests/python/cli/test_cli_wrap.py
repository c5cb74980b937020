"""Sentences and commands on lines that fit."""

from __future__ import annotations

import shlex

from hypothesis import given
from hypothesis import strategies as st

from fastckpt.cli.render.text import display_width
from fastckpt.cli.render.wrap import wrap_command, wrap_line


def wrap(text, width, *arguments):
    return list(wrap_line(text, width, *arguments))


def test_a_line_that_fits_or_has_no_limit_is_as_it_was():
    assert wrap("a  b", 4) == ["a  b"]
    assert wrap("word " * 50, None) == ["word " * 50]


def test_other_lines_are_indented_by_more_than_the_first():
    assert wrap("  one two three four", 14) == ["  one two", "    three four"]
    assert wrap("one two three", 9, 0) == ["one two", "three"]


def test_what_is_quoted_or_known_is_on_one_line():
    text = "no 'a b c d' in /my models/x, nor in it's files"
    assert wrap(text, 12, 0, ["/my models/x"]) == [
        "no 'a b c d'",
        "in",
        "/my models/x,",
        "nor in it's",
        "files",
    ]


def test_blanks_in_a_name_are_all_kept():
    assert "'a   b'" in "\n".join(wrap("what is 'a   b' here", 10))


def test_wide_characters_take_two_columns_and_colours_none():
    assert wrap("重み 重み", 8, 0) == ["重み", "重み"]
    assert wrap("\x1b[1;31m2 problems\x1b[m", 10) == ["\x1b[1;31m2 problems\x1b[m"]
    assert len(wrap("x: \x1b[1;31m2 problems\x1b[m", 10)) == 2


def test_a_command_at_the_end_has_lines_of_its_own():
    text = "it is compressed; unpack it: gunzip -c < 'a b.gz' > 'a b'"
    assert wrap(text, 30) == [
        "it is compressed; unpack it:",
        "  gunzip -c < 'a b.gz' > 'a b'",
    ]


words = st.text(st.characters(exclude_categories=("C", "Z")), max_size=8)


@given(st.lists(words, min_size=1), st.integers(8, 40), st.integers(0, 6))
def test_no_word_is_lost_and_none_is_torn(some, width, indent):
    text = " " * indent + " ".join(some)
    lines = wrap(text, width)
    assert " ".join(lines).split() == text.split()
    wide = [line for line in lines if display_width(line) > width]
    assert all(len(line.split()) == 1 or "'" in line or '"' in line for line in wide)


@given(st.lists(st.text(st.characters(exclude_categories=("C",))), max_size=6))
def test_a_command_on_several_lines_is_still_the_command(arguments):
    command = shlex.join(["fastckpt", *arguments])
    lines = list(wrap_command(command, 20, 4))
    assert shlex.split("\n".join(lines).replace("\\\n", " ")) == shlex.split(command)
