"""Text for people: names made safe to print, sizes, counts, widths."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastckpt.base.text import (
    escape,
    format_count,
    format_shape,
    format_size,
    natural_order,
    shorten,
    unescape,
)
from fastckpt.cli.render.text import display_width, format_field


def in_order(names):
    return sorted(names, key=natural_order)


@pytest.mark.parametrize(
    "names",
    [
        ["layer_1", "layer_2", "layer_10", "layer_10/bias", "layer_11/bias"],
        ["a1b2", "a1b10", "a2b1"],
        ["1", "2", "10", "a"],
        ["dense", "dense/w", "dense_1", "dense_1/w", "dense_2"],
        ["w007", "w08", "w8", "w9"],
        ["w" + "9" * 5000, "w1" + "0" * 5000],
        ["B", "a", "\u00e9", b"\xff".decode("utf-8", "surrogateescape")],
    ],
)
def test_names_are_ordered_as_people_count(names):
    assert in_order(reversed(names)) == names


names = st.binary(max_size=40).map(lambda b: b.decode("utf-8", "surrogateescape"))


def test_ordinary_names_are_printed_as_they_are():
    for name in ("dense/kernel", "größe/重み", "a b", "layer-1:0", "v1.0_[3]"):
        assert escape(name) == name


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("a\nb", r"a\nb"),
        ("\ttab\r", r"\ttab\r"),
        ("nul\0", r"nul\x00"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("del\x7f", r"del\x7f"),
        ("c1\x9b", r"c1\u009b"),
        (b"\xff\xfe".decode("utf-8", "surrogateescape"), r"\xff\xfe"),
        ("back\\slash", r"back\\slash"),
        ("right\u202eleft", r"right\u202eleft"),
        ("zero\u200bwidth", r"zero\u200bwidth"),
        ("line\u2028", r"line\u2028"),
        ("tag\U000e0001", r"tag\U000e0001"),
    ],
)
def test_what_could_move_a_cursor_or_hide_is_escaped(name, printed):
    assert escape(name) == printed


@given(names | st.text())
def test_an_escaped_name_is_printable_and_leads_back_to_the_name(name):
    printed = escape(name)
    assert printed.isprintable()
    assert unescape(printed) == name


@given(st.lists(names | st.from_regex(r"[ab]?[0-9]{0,3}[ab]?[0-9]{0,2}")))
def test_any_names_have_one_order(several):
    several = sorted(set(several))
    assert in_order(several) == in_order(reversed(several))


@given(st.lists(st.text(st.characters(exclude_characters="0123456789"))))
def test_names_without_numbers_have_the_order_of_bytes(several):
    assert in_order(several) == sorted(several)


@given(st.text())
def test_unescaping_takes_any_text(text):
    assert isinstance(unescape(text), str)


def test_a_code_point_beyond_unicode_is_no_escape():
    assert unescape(r"\Uffffffff") == r"\Uffffffff"


@pytest.mark.parametrize(
    ("nbytes", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (1536, "1.5 KiB"),
        (1023 * 1024, "1.0 MiB"),
        (1 << 20, "1.0 MiB"),
        (5 * 10**9, "4.7 GiB"),
        (2**63 - 1, "8.0 EiB"),
        (2**75, "32768.0 EiB"),
    ],
)
def test_sizes_have_a_unit_that_keeps_them_short(nbytes, text):
    assert format_size(nbytes) == text


def test_counts_know_their_plural():
    assert format_count(1, "tensor") == "1 tensor"
    assert format_count(0, "tensor") == "0 tensors"
    assert format_count(100_000, "tensor") == "100,000 tensors"
    assert format_count(2, "index", "indices") == "2 indices"


def test_shapes_look_as_in_numpy():
    assert [format_shape(s) for s in ((), (3,), (3, 4))] == ["()", "(3,)", "(3, 4)"]


def test_fields_under_a_heading_are_aligned():
    assert format_field("dtype", "float32") == "  dtype       float32"


@given(st.text(), st.integers(10, 50))
def test_a_shortened_text_keeps_both_ends_within_the_limit(text, limit):
    short = shorten(text, limit)
    assert len(short) <= limit
    assert short == text or (text[:3] == short[:3] and text[-3:] == short[-3:])


def test_widths_are_those_of_the_terminal():
    assert display_width("kernel") == 6
    assert display_width("größe") == 5
    assert display_width("重み") == 4
    assert display_width("e\u0301") == 1
