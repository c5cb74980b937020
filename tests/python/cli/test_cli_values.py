"""Values for people and for JSON."""

from __future__ import annotations

import math

import ml_dtypes
import numpy as np
import pytest

from fastckpt.cli.render.values import MOST_LISTED, format_values, list_values


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=np.float32).reshape(2, 3),
        np.array([[1e-9, 1e9], [math.nan, math.inf]]),
        np.array(7, np.int64),
        np.array(6, np.float32),
        np.array(b"bytes", object),
        np.array([True, False]),
        np.array([1 + 2j]),
        np.arange(5000).reshape(50, 100),
        np.empty((0, 3)),
        np.array([b"a", b"\x1b[31m"], object),
    ],
    ids=lambda array: f"{array.dtype}{array.shape}",
)
def test_values_look_as_numpy_prints_them(array):
    assert format_values(array, None) == str(array)


def test_values_of_ml_dtypes_look_as_numbers():
    assert format_values(np.array([1.5, -2], ml_dtypes.bfloat16), None) == "[1.5 -2]"
    assert format_values(np.array([1, -2], ml_dtypes.int4), None) == "[1 -2]"


def test_values_are_broken_to_the_width_of_the_terminal():
    lines = format_values(np.arange(100.0), 40).split("\n")
    assert max(map(len, lines)) <= 40
    assert len(lines) > 5


def test_a_long_string_is_cut_and_says_how_long_it_is():
    text = format_values(np.array(b"x" * 12345, object), None)
    assert len(text) < 230
    assert text.endswith("(12,345 bytes)")


def test_json_lists_plain_values():
    assert list_values(np.array([[1, 2]], np.uint8)) == [[1, 2]]
    assert list_values(np.array(2.5, np.float16)) == 2.5
    assert list_values(np.array([True])) == [True]
    assert list_values(np.array([1.5], ml_dtypes.bfloat16)) == [1.5]
    assert list_values(np.array([-3], ml_dtypes.int4)) == [-3]
    assert list_values(np.array([0.5], ml_dtypes.float8_e5m2)) == [0.5]


def test_json_has_strings_as_it_has_names():
    array = np.array([[b"a", b"\xff"]], object)
    assert list_values(array) == [["a", "\udcff"]]
    assert list_values(np.array(b"scalar", object)) == "scalar"
    assert list_values(np.empty((0, 2), object)) == []


def test_json_leaves_out_what_is_too_large():
    assert list_values(np.zeros(MOST_LISTED + 1)) is None
    assert list_values(np.zeros(MOST_LISTED)) == [0.0] * MOST_LISTED


def test_all_of_an_array_is_printed_and_listed_where_that_is_asked():
    array = np.arange(5000)
    assert "..." in format_values(array, None)
    text = format_values(array, None, is_whole=True)
    assert text.strip("[]").split() == [str(i) for i in range(5000)]
    assert list_values(array, is_whole=True) == list(range(5000))


def test_a_string_is_printed_to_its_end_where_that_is_asked():
    for array in (np.array(b"x" * 5000, object), np.array([b"x" * 5000], object)):
        assert "5,000 bytes" in format_values(array, None)
        assert repr(b"x" * 5000) in format_values(array, None, is_whole=True)
