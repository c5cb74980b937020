"""Statistics of values, compared with NumPy's own."""

from __future__ import annotations

import math

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fastckpt.cli.render.statistics import describe_values

_CHUNK = 1 << 15
shapes = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0)
floats = hnp.arrays(
    np.float64, shapes, elements=st.floats(-1e100, 1e100, allow_subnormal=False)
)


@given(floats)
def test_floats_are_described_as_numpy_does(array):
    described = describe_values(array)
    assert described["count"] == array.size
    assert described["zeros"] == np.sum(array == 0)
    assert described["nan"] == described["inf"] == 0
    if array.size:
        assert described["min"] == array.min()
        assert described["max"] == array.max()
        scale = np.abs(array).max()
        assert described["mean"] == pytest.approx(array.mean(), abs=1e-12 * scale)
        assert described["std"] == pytest.approx(array.std(), abs=1e-7 * scale)


@pytest.mark.parametrize("dtype", [np.float32, np.int16, np.complex64])
def test_many_chunks_give_what_one_would(dtype):
    random = np.random.default_rng(7)
    array = (random.normal(3, 100, 2 * _CHUNK + 5)).astype(dtype)
    if dtype is np.complex64:
        array += 1j * random.normal(0, 1, array.size).astype(np.float32)
    described = describe_values(array)
    wide = array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)
    assert described["mean"] == pytest.approx(wide.mean(), rel=1e-12)
    assert described["std"] == pytest.approx(wide.std(), rel=1e-12)


def test_the_mean_of_float32_does_not_lose_small_addends():
    described = describe_values(np.full(3_000_000, 0.1, np.float32))
    assert described["mean"] == pytest.approx(float(np.float32(0.1)), rel=1e-14)
    assert described["std"] == pytest.approx(0, abs=1e-9)


def test_nan_and_infinity_are_counted_apart_from_the_rest():
    array = np.array([1, -0.0, 3, math.nan, math.inf, -math.inf], np.float32)
    assert describe_values(array) == {
        "count": 6,
        "min": 0.0,
        "max": 3.0,
        "mean": pytest.approx(4 / 3),
        "std": pytest.approx(np.std([1, 0, 3])),
        "zeros": 1,
        "nan": 1,
        "inf": 2,
    }


def test_with_no_finite_value_there_is_no_mean():
    described = describe_values(np.array([math.nan, math.inf]))
    assert [described[k] for k in ("min", "max", "mean", "std")] == [None] * 4


@pytest.mark.parametrize("dtype", [np.float32, np.int64, np.complex64, np.bool_, "O"])
def test_no_values_are_described_without_complaint(dtype):
    assert describe_values(np.empty((0, 3), dtype))["count"] == 0


def test_huge_values_have_the_mean_that_their_sum_would_not():
    described = describe_values(np.full(4, 1.7e308))
    assert described["max"] == 1.7e308
    assert described["mean"] == pytest.approx(1.7e308)


@pytest.mark.parametrize("dtype", [np.int64, np.uint64])
def test_the_limits_of_wide_integers_are_exact(dtype):
    limits = np.iinfo(dtype)
    described = describe_values(np.array([limits.max, limits.min, 0], dtype))
    assert described["min"] == limits.min
    assert described["max"] == limits.max
    assert described["zeros"] == np.sum(np.array([limits.max, limits.min, 0]) == 0)


@pytest.mark.parametrize("name", ["int2", "uint2", "int4", "uint4"])
def test_the_integers_of_ml_dtypes_are_integers(name):
    dtype = np.dtype(getattr(ml_dtypes, name))
    array = np.array([0, 1, 1, 0], np.int8).astype(dtype)
    described = describe_values(array)
    assert (described["min"], described["max"]) == (0, 1)
    assert (described["mean"], described["zeros"]) == (0.5, 2)


@pytest.mark.parametrize(
    "name", ["bfloat16", "float8_e5m2", "float8_e4m3fn", "float8_e4m3b11fnuz"]
)
def test_the_floats_of_ml_dtypes_are_floats(name):
    dtype = np.dtype(getattr(ml_dtypes, name))
    described = describe_values(np.array([-1.5, 0, 2, math.nan]).astype(dtype))
    assert (described["min"], described["max"]) == (-1.5, 2)
    assert (described["zeros"], described["nan"]) == (1, 1)


def test_complex_numbers_are_measured_by_magnitude():
    array = np.array([3 + 4j, 0, complex(math.nan, 1)], np.complex64)
    assert describe_values(array) == {
        "count": 3,
        "smallest": 0.0,
        "largest": 5.0,
        "mean": 1.5 + 2j,
        "std": pytest.approx(np.std([3 + 4j, 0])),
        "zeros": 1,
        "nan": 1,
        "inf": 0,
    }


def test_booleans_are_counted():
    array = np.array([[True, False, True]])
    assert describe_values(array) == {"count": 3, "true": 2, "false": 1}


def test_strings_are_measured():
    array = np.array([[b"", b"abc"], [b"\xff\0", b""]], object)
    assert describe_values(array) == {
        "count": 4,
        "bytes": 5,
        "shortest": 0,
        "longest": 3,
        "empty": 2,
    }
