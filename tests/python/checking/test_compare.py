"""How values of two checkpoints are compared."""

from __future__ import annotations

import math

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fastckpt.checking.compare import CHUNK, Tolerance, compare_many
from fastckpt.checking.compare import compare_values as compare

EXACT = Tolerance()


def compare_values(old, new, tolerance):
    tally = compare(old, new, tolerance)
    return tally.count, tally.largest


values = st.floats(width=32) | st.sampled_from([0.0, -0.0, math.inf, -math.inf])
shapes = st.tuples(st.just(2), st.integers(0, 30))
pairs = hnp.arrays(np.float32, shapes, elements=values)


@given(pairs, st.sampled_from([0.0, 1e-3, 0.5, 2.0]), st.sampled_from([0.0, 1.0]))
def test_floats_are_close_as_numpy_has_it(pair, relative, absolute):
    old, new = pair
    wide = old.astype(np.float64), new.astype(np.float64)
    with np.errstate(all="ignore"):
        close = np.isclose(*wide, rtol=relative, atol=absolute, equal_nan=True)
    count, _ = compare_values(old, new, Tolerance(relative, absolute))
    assert count == np.count_nonzero(~close)


def test_the_largest_distance_is_of_those_that_differ():
    old = np.array([1, 2, 3, math.nan, math.inf], np.float32)
    new = np.array([1, 2.5, 1, math.nan, math.inf], np.float32)
    assert compare_values(old, new, EXACT) == (2, 2.0)
    assert compare_values(old, new, Tolerance(0, 1)) == (1, 2.0)
    assert compare_values(old, new, Tolerance(0, 2)) == (0, None)


def test_a_number_and_no_number_differ_without_a_distance():
    old, new = np.array([math.nan, math.inf]), np.array([1.0, -math.inf])
    assert compare_values(old, new, Tolerance(9, 9)) == (2, None)


def test_a_finite_number_is_never_close_to_infinity():
    old, new = np.array([1.0]), np.array([math.inf])
    assert compare_values(old, new, Tolerance(1, 1)) == (1, None)


@pytest.mark.parametrize("dtype", [np.int64, np.uint64])
def test_wide_integers_are_compared_exactly(dtype):
    high = np.iinfo(dtype).max
    old, new = np.array([high], dtype), np.array([high - 1], dtype)
    for tolerance in (EXACT, Tolerance(absolute=0.5)):
        assert compare_values(old, new, tolerance) == (1, 1.0)
        assert compare_values(new, old, tolerance) == (1, 1.0)
    assert compare_values(old, new, Tolerance(absolute=1)) == (0, None)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int64, np.uint64])
def test_the_distance_of_integers_is_that_of_the_numbers(dtype):
    limits = np.iinfo(dtype)
    old, new = np.array([limits.min], dtype), np.array([limits.max], dtype)
    expected = 1, int(limits.max) - int(limits.min)
    assert compare_values(old, new, EXACT) == expected
    assert compare_values(new, old, Tolerance(absolute=1)) == expected


@pytest.mark.parametrize("name", ["bfloat16", "int4", "float8_e4m3fn"])
def test_types_of_ml_dtypes_are_compared(name):
    dtype = np.dtype(getattr(ml_dtypes, name))
    old, new = np.array([1, 2]).astype(dtype), np.array([1, 3]).astype(dtype)
    assert compare_values(old, old, EXACT) == (0, None)
    assert compare_values(old, new, EXACT) == (1, 1.0)


def test_complex_numbers_are_compared_by_distance():
    old, new = np.array([0j, 1]), np.array([3 + 4j, 1])
    assert compare_values(old, new, EXACT) == (1, 5.0)
    assert compare_values(old, new, Tolerance(0, 5)) == (0, None)


@pytest.mark.parametrize("dtype", [np.bool_, object])
def test_what_is_no_number_is_the_same_or_not(dtype):
    old, new = np.array([b"", b"x"], dtype), np.array([b"", b""], dtype)
    assert compare_values(old, old, EXACT) == (0, None)
    assert compare_values(old, new, EXACT) == (1, None)


def test_a_difference_in_the_last_of_many_chunks_is_found():
    old = np.zeros((2, CHUNK + 1), np.float32)
    new = old.copy()
    new[-1, -1] = 1
    assert compare_values(old, new, EXACT) == (1, 1.0)


def test_no_elements_are_the_same():
    assert compare_values(np.empty((0, 3)), np.empty((0, 3)), EXACT) == (0, None)


SMALL = st.lists(
    st.tuples(
        st.sampled_from(["f2", "f4", "f4", "f4", "f8", "i4", "c8", "?", "bfloat16"]),
        st.sampled_from([0, 1, 3, 3, 3, CHUNK // 2, CHUNK + 1]),
        st.sampled_from(["same", "far", "some", "strange", "huge"]),
    ),
    max_size=12,
)


def make_pair(dtype, size, kind, seed):
    dtype = np.dtype(getattr(ml_dtypes, dtype) if dtype == "bfloat16" else dtype)
    random = np.random.default_rng(seed)
    old, new = random.normal(0, 9, (2, size))
    if kind == "same":
        new = old
    elif kind == "some":
        new = np.where(random.random(size) < 0.5, old, new)
    elif kind == "strange" and size:
        new[0], old[0] = math.nan, [math.nan, math.inf][seed % 2]
    elif kind == "huge":
        old, new = old * 1e300, new * 1e300
    with np.errstate(all="ignore"):
        return old.astype(dtype), new.astype(dtype)


@given(SMALL, st.sampled_from([EXACT, Tolerance(0.5), Tolerance(absolute=2)]))
def test_many_together_are_what_each_is_to_the_last_bit(kinds, tolerance):
    pairs = [make_pair(*kind, seed) for seed, kind in enumerate(kinds)]
    found = list(compare_many(pairs, tolerance))
    assert list(map(repr, found)) == [repr(compare(*it, tolerance)) for it in pairs]
