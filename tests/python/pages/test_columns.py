"""Columns of data on a page: small, exact where they can be, never markup."""

from __future__ import annotations

import json

import pytest

from fastckpt.base.html import embed_json, quote
from fastckpt.pages.columns import pack_counts, pack_names, pack_number
from page_reader import heights


@pytest.mark.parametrize(
    "names",
    [
        ["model/a/kernel", "model/a/kernel/Adam", "model/b", "", "model"],
        # JavaScript cuts texts where these are two halves.
        ["x\U0001f600a", "x\U0001f600b", "x\U0001f601b"],
        ["é/ü", "é/üb", "Ω"],
        [],
    ],
    ids=["scopes", "astral", "letters", "none"],
)
def test_names_come_back_when_units_of_utf_16_are_counted(names):
    packed = pack_names(names)
    before, found = b"", []
    for keep, rest in zip(packed["keep"], packed["rest"], strict=True):
        before = before[: 2 * keep] + rest.encode("utf-16-le")
        found.append(before.decode("utf-16-le"))
    assert found == names


@pytest.mark.parametrize(
    ("value", "packed"),
    [
        (None, None),
        (0.1 + 0.2, 0.3),
        (-1.23456789e-30, -1.23457e-30),
        # Before the point every digit is there.
        (1234567.0, 1234567),
        (2147483646.25, 2147483646),
        (-1.23456789e15, -1234567890000000),
        (1.23456789e18, 1.23457e18),
        (2**53 - 1, 2**53 - 1),
        (-(2**63), "-9223372036854775808"),
        (2**64 - 1, "18446744073709551615"),
        (float("inf"), "inf"),
        (float("nan"), "nan"),
        (1 + 2j, "1+2j"),
    ],
    ids=str,
)
def test_numbers_are_what_javascript_can_hold(value, packed):
    assert pack_number(value) == packed
    json.dumps(pack_number(value), allow_nan=False)


def test_a_number_whose_first_digits_are_infinite_stays_as_it_is():
    near_the_end = 1.797693134862315e308
    assert pack_number(near_the_end, 4) == near_the_end
    json.dumps(pack_number(-near_the_end, 4), allow_nan=False)


def test_few_counts_are_exact_whatever_is_asked_for():
    counts = [0, 3, 63, 1, 0]
    assert heights(pack_counts(counts, is_exact=False)) == counts
    assert heights(pack_counts(counts, is_exact=True)) == counts


def test_many_counts_are_exact_or_heights():
    counts = [0, 1, 10**12, 5 * 10**11]
    assert pack_counts(counts, is_exact=True) == counts
    # A value that is there is seen to be.
    assert heights(pack_counts(counts, is_exact=False)) == [0, 1, 63, 32]


def test_one_bin_is_no_histogram():
    assert pack_counts([7], is_exact=True) is None
    assert pack_counts([], is_exact=True) is None


HOSTILE = [
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "]]>",
    "a\0b",
    "\u2028\u2029",
    "\ud800",
    "\udcff",
    "\u202egnp.exe",
    "\\u003c/script>",
    '"&quot;',
]


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_data_can_neither_end_its_element_nor_change(text):
    packed = embed_json({"name": text})
    assert packed.isascii()
    assert "<" not in packed
    assert json.loads(packed) == {"name": text}


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_quoted_text_is_printable_and_no_markup(text):
    quoted = quote(text)
    assert not set("<>\"'") & set(quoted)
    assert quoted.isprintable()
    quoted.encode("utf-8")


def test_a_number_that_json_lacks_is_refused():
    with pytest.raises(ValueError, match="JSON"):
        embed_json(float("nan"))
