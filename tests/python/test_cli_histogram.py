"""How many values each bin of the histogram on a page has."""

from __future__ import annotations

import math

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fastckpt.cli._histogram import BINS, count_bins

FINITE = st.floats(-1e9, 1e9)


@given(hnp.arrays(np.float64, st.integers(2, 300), elements=FINITE))
def test_every_value_is_in_the_bin_that_numpy_puts_it_in(array):
    low, high = float(array.min()), float(array.max())
    counts = count_bins(array, low, high)
    if counts is not None:
        assert counts == np.histogram(array, BINS, (low, high))[0].tolist()


def test_values_of_many_chunks_are_all_counted():
    array = np.arange(200_000, dtype=np.int32).reshape(2, -1)
    assert count_bins(array, 0, 199_999) == [4000] * BINS


def test_what_is_not_finite_is_left_out():
    array = np.array([0, 1, math.nan, math.inf, -math.inf], np.float32)
    assert count_bins(array, 0, 1) == [1] + [0] * (BINS - 2) + [1]


def test_complex_numbers_are_counted_by_magnitude():
    counts = count_bins(np.array([3 + 4j, 0, 10j], np.complex64), 0, 10)
    assert counts is not None
    assert [i for i, count in enumerate(counts) if count] == [0, 25, 49]


@pytest.mark.parametrize("dtype", [ml_dtypes.bfloat16, ml_dtypes.int4, np.uint64])
def test_types_of_every_kind_are_counted(dtype):
    counts = count_bins(np.array([0, 1, 1, 2], dtype), 0, 2)
    assert counts is not None
    assert (counts[0], counts[25], counts[49]) == (1, 2, 1)


@pytest.mark.parametrize(
    ("low", "high"),
    [(1.0, 1.0), (0.0, 5e-324), (1.0, 1.0 + 4e-16), (-1.7e308, 1.7e308)],
)
def test_a_range_that_has_no_bins_has_no_histogram(low, high):
    assert count_bins(np.array([low, high]), low, high) is None
