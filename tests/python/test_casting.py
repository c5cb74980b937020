"""Casts lose precision and nothing else, or say so."""

from __future__ import annotations

import math
import warnings

import ml_dtypes
import numpy as np
import pytest

from fastckpt.casting import cast, check_cast, is_floating, to_dtype


def test_names_of_ml_dtypes_are_dtypes():
    assert to_dtype("bfloat16") == np.dtype(ml_dtypes.bfloat16)
    assert to_dtype(np.float32) == np.dtype("f4")
    assert to_dtype("float8_e5m2") == np.dtype(ml_dtypes.float8_e5m2)


@pytest.mark.parametrize("name", ["float99", "finfo", "__version__", "bogus"])
def test_other_names_are_none(name):
    with pytest.raises(TypeError, match="is no dtype"):
        to_dtype(name)


def test_floats_of_every_size_are_floating():
    for name in ("float16", "float32", "float64", "bfloat16", "float8_e4m3fn"):
        assert is_floating(to_dtype(name))
    for name in ("int8", "bool", "complex64", "int4", "object"):
        assert not is_floating(to_dtype(name))
    assert not is_floating(None)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("float32", "bfloat16"),
        ("bfloat16", "float64"),
        ("int64", "int8"),
        ("uint8", "float16"),
        ("bool", "int4"),
        ("float32", "complex64"),
        ("uint4", "int64"),
    ],
)
def test_casts_to_the_same_or_a_wider_kind_are_allowed(source, target):
    check_cast("w", to_dtype(source), to_dtype(target))


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("float32", "int32"),
        ("bfloat16", "int64"),
        ("complex64", "float32"),
        ("object", "float32"),
        ("float32", "object"),
        ("int8", "bool"),
    ],
)
def test_casts_to_a_narrower_kind_are_refused_by_name(source, target):
    with pytest.raises(ValueError, match=r"'w': .* does not become"):
        check_cast("w", to_dtype(source), to_dtype(target))


def test_what_has_no_dtype_is_refused():
    with pytest.raises(ValueError, match="does not become"):
        check_cast("w", None, to_dtype("float32"))


def test_rounding_is_silent():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = cast("w", np.array([1.001, math.inf, math.nan]), to_dtype("bfloat16"))
    assert found[0] == 1
    assert found.dtype == ml_dtypes.bfloat16


@pytest.mark.parametrize("target", ["float16", "float8_e4m3fn"])
def test_numbers_that_become_infinite_are_counted(target):
    array = np.array([1e9, 1, math.inf, -1e9], np.float32)
    with pytest.warns(
        RuntimeWarning, match=f"'w': 2 numbers are too large for {target}"
    ):
        cast("w", array, to_dtype(target))


def test_integers_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="'w': 2 numbers do not fit int8"):
        cast("w", np.array([127, 128, -129]), to_dtype("int8"))
    assert cast("w", np.array([127, -128]), to_dtype("int8")).tolist() == [127, -128]
