"""Casts lose precision and nothing else, or say so."""

from __future__ import annotations

import math

import ml_dtypes
import numpy as np
import pytest

from fastckpt.base.cast import Losses, cast, check_cast, is_floating, to_dtype


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


def test_rounding_is_no_loss():
    array = np.array([1.001, math.inf, math.nan])
    found, lost = cast("w", array, to_dtype("bfloat16"))
    assert (found[0], found.dtype, lost) == (1, ml_dtypes.bfloat16, 0)


@pytest.mark.parametrize(("target", "lost"), [("float16", 2), ("float8_e4m3fn", 3)])
def test_numbers_that_become_infinite_or_nan_are_counted(target, lost):
    array = np.array([1e9, 1, math.inf, -1e9], np.float32)
    assert cast("w", array, to_dtype(target))[1] == lost


SMALL = {
    "float4_e2m1fn": 4,
    "float6_e2m3fn": 6,
    "float6_e3m2fn": 6,
    "float8_e3m4": 8,
    "float8_e4m3": 8,
    "float8_e4m3b11fnuz": 8,
    "float8_e4m3fn": 8,
    "float8_e4m3fnuz": 8,
    "float8_e5m2": 8,
    "float8_e5m2fnuz": 8,
    "float8_e8m0fnu": 8,
}
WIDE = ("float16", "bfloat16")


def all_values(name):
    """Every value that a dtype has."""
    if name in SMALL:
        return np.arange(1 << SMALL[name], dtype=np.uint8).view(to_dtype(name))
    return np.arange(1 << 16, dtype=np.uint16).view(to_dtype(name))


def wide(array):
    with np.errstate(invalid="ignore"):  # of signalling NaN
        return array.astype(np.float64)


@pytest.mark.parametrize("target", [*SMALL, *WIDE])
@pytest.mark.parametrize("source", [*SMALL, *WIDE])
def test_every_value_that_is_more_than_rounded_is_counted(source, target):
    given = all_values(source)
    values = wide(given)
    found, lost = cast("w", given, to_dtype(target))
    results = wide(found)
    expected = np.isfinite(values) & ~np.isfinite(results)
    expected |= np.isinf(values) & ~np.isinf(results)
    expected |= np.isnan(values) & ~np.isnan(results)
    expected |= (values == 0) & (results != 0)
    held = wide(all_values(target))
    if np.isfinite(held).all():  # what would be the next number becomes the largest
        second, largest = np.unique(held)[-2:]
        expected |= np.abs(values) >= largest + (largest - second) / 2
    assert lost == np.count_nonzero(expected)


@pytest.mark.parametrize("target", [*SMALL, *WIDE])
def test_wider_floats_that_are_no_numbers_or_too_large_are_counted(target):
    array = np.array([1e300, -1e300, math.inf, 1])
    _, lost = cast("w", array, to_dtype(target))
    has_infinity = np.isinf(wide(all_values(target))).any()
    assert lost == (2 if has_infinity else 3)


def test_a_complex_number_counts_once_whichever_part_is_lost():
    array = np.array([1e300 + 1e300j, 1e300j, complex(math.inf, 1), 1])
    assert cast("w", array, np.dtype(np.complex64))[1] == 2


@pytest.mark.parametrize("numbers", [[100], [7], [-9], [2**40]])
@pytest.mark.parametrize("target", ["float4_e2m1fn", "float6_e2m3fn"])
def test_integers_that_a_small_float_would_saturate_are_refused(numbers, target):
    if numbers == [7] and target == "float6_e2m3fn":
        assert cast("w", np.array(numbers), to_dtype(target))[0][0] == 7
        return
    with pytest.raises(ValueError, match="does not hold"):
        cast("w", np.array(numbers), to_dtype(target))


@pytest.mark.parametrize("kind", [np.float64, np.complex128])
def test_complex_numbers_that_become_infinite_are_counted(kind):
    array = np.array([1e300, 1, math.inf], kind)
    assert cast("w", array, np.dtype(np.complex64))[1] == 1


def test_all_losses_are_told_in_one_warning():
    losses = Losses()
    for name, value in (("a", 1.0), ("b", 1e9), ("c", 1e9)):
        losses.cast(name, np.full(2, value), to_dtype("float16"))
    message = "4 numbers in 2 tensors were too large .* first in 'b', now float16"
    with pytest.warns(RuntimeWarning, match=message) as caught:
        warn_for(losses)
    assert caught[0].filename == __file__


def warn_for(losses):
    losses.warn()


def test_no_loss_is_no_warning():
    losses = Losses()
    array = np.ones(2)
    assert losses.cast("w", array, None) is array
    losses.warn()


def test_integers_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="'w': 2 numbers do not fit int8"):
        cast("w", np.array([127, 128, -129]), to_dtype("int8"))
    found, _ = cast("w", np.array([127, -128]), to_dtype("int8"))
    assert found.tolist() == [127, -128]


INTEGERS = (
    "int2",
    "uint2",
    "int4",
    "uint4",
    "int8",
    "uint8",
    "int64",
    "uint64",
    "bool",
)


@pytest.mark.parametrize("target", INTEGERS[:-1])
@pytest.mark.parametrize("source", INTEGERS)
def test_an_integer_stays_what_it_is_or_is_refused(source, target):
    for number in (-(2**63), -129, -128, -1, 0, 1, 3, 255, 2**63 - 1, 2**63, 2**64 - 1):
        try:
            array = np.array([number]).astype(to_dtype(source))
            if int(array[0]) != number:
                continue
        except OverflowError:
            continue
        try:
            found, _ = cast("w", array, to_dtype(target))
        except ValueError:
            limits = ml_dtypes.iinfo(to_dtype(target))
            assert not int(limits.min) <= number <= int(limits.max)
        else:
            assert int(found[0]) == number


FLOATS = ("float16", "bfloat16", "float32", "float64", "complex64", "float8_e4m3fn")


@pytest.mark.parametrize("target", FLOATS)
@pytest.mark.parametrize("source", INTEGERS)
def test_an_integer_is_the_same_float_or_is_refused(source, target):
    numbers = [0, 1, 3, -1, -128, 448, 449, 2049, 65504, 65536, 2**24, 2**24 + 1]
    for number in (*numbers, 2**53, 2**53 + 1, 2**63 - 1, 2**63, 2**64 - 1, -(2**63)):
        try:
            array = np.array([number]).astype(to_dtype(source))
            if int(array[0]) != number:
                continue
        except OverflowError:
            continue
        with np.errstate(all="ignore"):
            result = np.array([float(number)]).astype(to_dtype(target)).real[0]
        is_held = math.isfinite(result) and int(float(result)) == number
        if is_held:
            assert cast("w", array, to_dtype(target))[0][0] == result
        else:
            with pytest.raises(ValueError, match=f"'w': {target} does not hold "):
                cast("w", array, to_dtype(target))


def test_the_first_integer_that_a_float_rounds_is_named():
    array = np.array([1, 2**24 + 1, 2**24 + 3])
    with pytest.raises(ValueError, match="float32 does not hold 16777217 exactly"):
        cast("w", array, np.dtype("float32"))
