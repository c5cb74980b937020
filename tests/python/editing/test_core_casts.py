"""Casts between the four common floats are the core's, and give what NumPy gave."""

from __future__ import annotations

import warnings

import ml_dtypes
import numpy as np
import pytest

import fastckpt
from fastckpt import _native
from fastckpt.base.cast import cast, count_lost

BFLOAT16 = np.dtype(ml_dtypes.bfloat16)
FOUR = [np.dtype("f8"), np.dtype("f4"), np.dtype("f2"), BFLOAT16]
PAIRS = [(a, b) for a in FOUR for b in FOUR if a != b]
BORDERS = (65504.0, 65520.0, 3.3961775e38, 3.4028236e38, 5.96e-8, 2.98e-8, 1e-45)


def hard_numbers(dtype: np.dtype) -> np.ndarray:
    """Gives all numbers of two bytes; of others random bits, borders and ties."""
    if dtype.itemsize == 2:
        return np.arange(1 << 16, dtype=np.uint16).view(dtype)
    random = np.random.default_rng(5)
    bits = np.frombuffer(random.bytes(400_000 * dtype.itemsize), dtype)
    with np.errstate(all="ignore"):
        borders = np.array([*BORDERS, *(-it for it in BORDERS)], dtype)
        around = [borders, *(np.nextafter(borders, x) for x in (0, np.inf, -np.inf))]
        # As large as float16's are, with ties between two of them.
        plain = random.standard_normal(100_000).astype(np.float16).astype(dtype)
        step = np.abs(np.spacing(plain.astype(np.float16))).astype(dtype)
        small = bits[:100_000].view(f"u{dtype.itemsize}") >> 9
    return np.concatenate([bits, *around, plain + step / 2, small.view(dtype)])


def bits_of(array: np.ndarray) -> np.ndarray:
    """Gives bits, of NaN the sign alone."""
    bits = array.view(f"u{array.dtype.itemsize}").copy()
    is_nan = np.isnan(array)
    bits[is_nan] = 1 + 2 * np.signbit(array[is_nan])
    return bits


@pytest.mark.parametrize(("source", "target"), PAIRS, ids=str)
def test_casts_are_numpys_bit_for_bit_and_so_is_the_count(source, target):
    given = hard_numbers(source)
    result, lost = cast("w", given, target)
    with np.errstate(all="ignore"):
        expected = given.astype(target)
    assert result.dtype == target
    np.testing.assert_array_equal(np.isnan(result), np.isnan(expected))
    np.testing.assert_array_equal(bits_of(result), bits_of(expected))
    assert lost == count_lost(given, expected)


@pytest.mark.parametrize(
    "given",
    [
        np.float32(1.5).reshape(()),
        np.zeros((0, 3), np.float32),
        np.arange(12, dtype=np.float32).reshape(3, 4).T,
        np.arange(12, dtype=np.float32)[::-2],
        np.arange(12, dtype=">f4"),
        np.frombuffer(b"\0" + np.arange(9, dtype="f4").tobytes(), "f4", 9, 1),
    ],
    ids=["number", "empty", "turned", "steps", "swapped", "unaligned"],
)
def test_arrays_of_every_layout_are_cast(given):
    result, lost = cast("w", given, BFLOAT16)
    assert lost == 0
    assert result.shape == given.shape
    np.testing.assert_array_equal(result, given.astype(BFLOAT16))


@pytest.mark.parametrize(
    ("format", "target"),
    [("v2", "bfloat16"), ("v2", "float16"), ("v1", "float16"), ("npz", "float32")],
)
def test_what_editing_writes_is_numpys(tmp_path, target, format):
    tensors = {
        "w": np.random.default_rng(6).standard_normal((300, 7), np.float32),
        "big": np.array([1e39, 1, -1e300, np.inf]),
    }
    fastckpt.save(tmp_path / "m", tensors)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        fastckpt.convert(
            tmp_path / "m",
            tmp_path / "to.npz" if format == "npz" else tmp_path / "to",
            format=format,
            dtype=target,
        )
        expected = {
            name: it.astype(BFLOAT16 if target == "bfloat16" else target)
            for name, it in tensors.items()
        }
    found = (
        dict(np.load(tmp_path / "to.npz", allow_pickle=False))
        if format == "npz"
        else fastckpt.load(tmp_path / "to")
    )
    for name, array in expected.items():
        assert found[name].tobytes() == array.tobytes()


def test_rewriting_counts_what_became_infinite(tmp_path):
    fastckpt.save(tmp_path / "m", {"w": np.array([1e30, 1, np.inf, -1e6], "f4")})
    with pytest.warns(RuntimeWarning, match="^2 numbers in 1 tensor were"):
        fastckpt.rewrite(tmp_path / "m", tmp_path / "to", dtype="float16")


def test_buffers_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="different counts"):
        _native.cast_floats(bytes(8), "float32", bytearray(3), "float16")
    with pytest.raises(ValueError, match="no cast from int32 to float16"):
        _native.cast_floats(bytes(8), "int32", bytearray(4), "float16")
    with pytest.raises(ValueError, match="no cast from float32 to float32"):
        _native.cast_floats(bytes(8), "float32", bytearray(8), "float32")
