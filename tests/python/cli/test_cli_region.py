"""Regions as typed on the command line."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastckpt.cli.region import format_region, join_region, parse_region

ends = st.none() | st.integers(-9, 9)
parts = st.integers(-9, 9) | st.builds(slice, ends, ends, ends) | st.just(...)


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("0:3,:", np.s_[0:3, :]),
        ("[0:3, :]", np.s_[0:3, :]),
        ("-1", (-1,)),
        ("...,0", np.s_[..., 0]),
        ("::2,1:", np.s_[::2, 1:]),
        ("5,", (5,)),
        ("", ()),
        ("[]", ()),
        ("+2: 7 :3", np.s_[2:7:3,]),
    ],
)
def test_a_region_is_what_stands_between_numpys_brackets(text, region):
    assert parse_region(text) == region


@pytest.mark.parametrize("text", ["a", "1:2:3:4", "1.5", "0x3", "1_000", "None", "٣"])
def test_a_part_that_is_no_index_is_named(text):
    with pytest.raises(ValueError, match="is no integer, slice"):
        parse_region(f":,{text}")


def test_two_ellipses_are_refused():
    with pytest.raises(ValueError, match="more than one"):
        parse_region("...,...")


@pytest.mark.parametrize("text", [",", "1,,2", ",1"])
def test_an_empty_part_is_refused(text):
    with pytest.raises(ValueError, match="empty part"):
        parse_region(text)


@given(st.lists(parts, max_size=4).filter(lambda p: p.count(...) <= 1))
def test_formatting_and_parsing_are_inverse(region):
    assert parse_region(format_region(tuple(region))) == tuple(region)


def test_a_region_that_begins_with_a_minus_is_no_option():
    words = ["show", "p", "--region", "-1,:", "--json"]
    assert join_region(words) == ["show", "p", "--region=-1,:", "--json"]


def test_an_option_after_region_stays_an_option():
    words = ["show", "--region", "--json", "-1"]
    assert join_region(words) == words
