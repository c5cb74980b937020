"""How many values each bin of a histogram has."""

from __future__ import annotations

import math

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fastckpt.checking.histogram import BINS, count_bins, edges_of

FINITE = st.floats(-1e9, 1e9)


def counts_of(array, low, high):
    return count_bins(array, edges_of(low, high)).tolist()


@given(hnp.arrays(np.float64, st.integers(2, 300), elements=FINITE))
def test_every_value_is_in_the_bin_that_numpy_puts_it_in(array):
    low, high = float(array.min()), float(array.max())
    counts = counts_of(array, low, high)
    assert sum(counts) == array.size
    if len(counts) > 1:
        assert counts == np.histogram(array, BINS, (low, high))[0].tolist()


def test_values_of_many_chunks_are_all_counted():
    array = np.arange(200_000, dtype=np.int32).reshape(2, -1)
    assert counts_of(array, 0, 199_999) == [4000] * BINS


def test_what_is_not_finite_is_left_out():
    array = np.array([0, 1, math.nan, math.inf, -math.inf], np.float32)
    assert counts_of(array, 0, 1) == [1] + [0] * (BINS - 2) + [1]


def test_complex_numbers_are_counted_by_magnitude():
    counts = counts_of(np.array([3 + 4j, 0, 10j], np.complex64), 0, 10)
    assert [i for i, count in enumerate(counts) if count] == [0, 25, 49]


def test_the_largest_magnitude_is_in_the_last_bin():
    random = np.random.default_rng(3)
    for _ in range(20):
        array = (random.normal(size=50) + 1j * random.normal(size=50)).astype("c8")
        sizes = np.abs(array.astype("c16"))
        assert sum(counts_of(array, sizes.min(), sizes.max())) == 50


@pytest.mark.parametrize("dtype", [ml_dtypes.bfloat16, ml_dtypes.int4, np.uint64])
def test_types_of_every_kind_are_counted(dtype):
    counts = counts_of(np.array([0, 1, 1, 2], dtype), 0, 2)
    assert (counts[0], counts[25], counts[49]) == (1, 2, 1)


@pytest.mark.parametrize(
    ("low", "high"),
    [(1.0, 1.0), (0.0, 5e-324), (1.0, 1.0 + 4e-16), (-1.7e308, 1.7e308)],
)
def test_a_range_that_has_no_bins_has_a_single_one(low, high):
    assert edges_of(low, high) == (low, high)
    assert counts_of(np.array([low, math.nan, high]), low, high) == [2]


def test_where_no_number_is_there_is_no_bin():
    assert edges_of(None, None) == ()
    assert counts_of(np.array([math.nan]), None, None) == []
