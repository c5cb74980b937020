"""`load(dtype=)`: floating tensors come as other floats, everything else as ever."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

import fastckpt
from bundle_maker import BundleMaker
from damage import change_byte
from v1_maker import V1Maker

BFLOAT16 = np.dtype(ml_dtypes.bfloat16)
FOUR = [np.dtype("f8"), np.dtype("f4"), np.dtype("f2"), BFLOAT16]
PAIRS = [(a, b) for a in FOUR for b in FOUR if a != b]
Arrays = dict[str, np.ndarray]


def random_floats(dtype: np.dtype, count: int, seed: int = 3) -> np.ndarray:
    """Gives numbers of random bits: of every size, with infinities and NaN."""
    bits = np.random.default_rng(seed).bytes(count * dtype.itemsize)
    return np.frombuffer(bits, dtype)


def cast_by_numpy(array: np.ndarray, dtype: np.dtype) -> np.ndarray:
    with np.errstate(all="ignore"):
        return array.astype(dtype)


def count_infinite(given: np.ndarray, result: np.ndarray) -> int:
    with np.errstate(invalid="ignore"):  # of NaN that signal
        return int((np.isfinite(given) & np.isinf(result)).sum())


def assert_same(found: np.ndarray, expected: np.ndarray) -> None:
    """Bit for bit, but that NaN may have any payload."""
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    with np.errstate(invalid="ignore"):  # of NaN that signal
        is_nan = np.isnan(expected)
        np.testing.assert_array_equal(np.isnan(found), is_nan)
    np.testing.assert_array_equal(np.signbit(found), np.signbit(expected))
    kind = f"u{expected.dtype.itemsize}"
    bits = [np.ascontiguousarray(it)[~is_nan].view(kind) for it in (found, expected)]
    np.testing.assert_array_equal(*bits)


def load_quietly(ckpt: fastckpt.Checkpoint, **options: object) -> Arrays:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return ckpt.load(**options)


TENSORS: Arrays = {
    "double": random_floats(FOUR[0], 90_000).reshape(300, 300),
    "empty": np.zeros((0, 3), np.float32),
    "float": random_floats(FOUR[1], 300_001),
    "half": np.arange(1 << 16, dtype=np.uint16).view(np.float16).reshape(256, 256),
    "brain": np.arange(1 << 16, dtype=np.uint16).view(BFLOAT16),
    "number": np.array(0.1, np.float32),
    "step": np.arange(70_000),
}
PARTS = [[(0, 100), None], [(100, 1), None], [(101, 199), None]]
SQUARES = [
    [(0, 128), (0, 100)],
    [(0, 128), (100, 156)],
    [(128, 128), (0, 256)],
]


def write_v2(folder: Path, *, big_endian: bool = False, parts: bool = False) -> Path:
    maker = BundleMaker(2, big_endian=big_endian)
    for number, (name, value) in enumerate(TENSORS.items()):
        maker.pad(number)
        if parts and name in ("double", "half"):
            maker.add_sliced(name, value, PARTS if name == "double" else SQUARES)
        else:
            maker.add(name, value, shard=number % 2)
    return maker.write(folder)


def write_v1(folder: Path, *, parts: bool = False) -> Path:
    maker = V1Maker()
    for name, value in TENSORS.items():
        if name == "brain":
            continue
        slices = {"double": PARTS, "half": SQUARES}.get(name) if parts else None
        maker.add(name, value, slices=slices)
    return maker.write(folder)


WAYS = {
    "v2": (write_v2, {}),
    "v2 by reads": (write_v2, {"io": "read"}),
    "v2 unchecked": (write_v2, {"verify": False}),
    "v2 in parts": (lambda it: write_v2(it, parts=True), {}),
    "v2 in parts by reads": (lambda it: write_v2(it, parts=True), {"io": "read"}),
    "big-endian": (lambda it: write_v2(it, big_endian=True), {}),
    "big-endian in parts": (lambda it: write_v2(it, big_endian=True, parts=True), {}),
    "v1": (write_v1, {}),
    "v1 in parts": (lambda it: write_v1(it, parts=True), {"io": "read"}),
}


@pytest.fixture(params=list(WAYS))
def ckpt(request, tmp_path: Path) -> Iterator[fastckpt.Checkpoint]:
    write, options = WAYS[request.param]
    with fastckpt.open(write(tmp_path), **options) as opened:
        yield opened


@pytest.mark.parametrize("target", FOUR, ids=str)
def test_every_layout_is_cast_as_numpy_does_it(ckpt, target):
    for name, found in load_quietly(ckpt, dtype=target, threads=3).items():
        if name == "step":
            np.testing.assert_array_equal(found, TENSORS[name])
        else:
            assert_same(found, cast_by_numpy(TENSORS[name], target))


def test_what_became_infinite_is_counted_over_all_layouts(ckpt):
    lost = {
        name: count_infinite(value, cast_by_numpy(value, np.dtype("f2")))
        for name, value in TENSORS.items()
        if value.dtype.kind in "fV" and name in ckpt
    }
    first = next(name for name in sorted(lost) if lost[name])
    tensors = sum(map(bool, lost.values()))
    with pytest.warns(RuntimeWarning) as caught:
        ckpt.load(dtype="float16")
    (warning,) = caught
    assert str(warning.message) == (
        f"{sum(lost.values()):,} numbers in {tensors} tensors were too large or have "
        "no form in their new dtype, and became infinite, NaN or other numbers, "
        f"first in {first!r}, now float16"
    )
    assert warning.filename == __file__


@pytest.mark.parametrize("target", FOUR, ids=str)
def test_arrays_of_the_caller_are_cast_into(ckpt, target):
    out = {
        name: np.empty(value.shape[::-1], target).T
        for name, value in TENSORS.items()
        if name in ckpt and name != "step"
    }
    found = load_quietly(ckpt, dtype=target, out=out)
    for name, array in found.items():
        assert array is out[name]
        assert_same(array, cast_by_numpy(TENSORS[name], target))


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[fastckpt.Checkpoint]:
    tensors = {
        "a/w": np.array([[0.1, 2, -3e20]], np.float32),
        "b/w": np.array([1, 0.3]),
        "ids": np.arange(3),
        "same": np.array([1, 2], BFLOAT16),
        "text": np.array([b"x", b"y"], object),
        "tiny": np.array([0.5, 448], ml_dtypes.float8_e4m3fn),
        "z/half": np.array([0.1, 60_000], np.float16),
    }
    fastckpt.save(tmp_path / "m", tensors)
    with fastckpt.open(tmp_path / "m") as opened:
        yield opened


def dtypes_of(arrays: Arrays) -> dict[str, str]:
    return {name: str(array.dtype) for name, array in arrays.items()}


def test_only_floats_are_cast(plain):
    assert dtypes_of(plain.load(dtype="bfloat16")) == {
        "a/w": "bfloat16",
        "b/w": "bfloat16",
        "ids": "int64",
        "same": "bfloat16",
        "text": "object",
        "tiny": "bfloat16",
        "z/half": "bfloat16",
    }


def test_the_first_pattern_that_fits_counts(plain):
    found = plain.load(dtype={"b*": "float32", "*/w": np.float64, "ids": "float16"})
    assert dtypes_of(found) | {"text": "object"} == {
        "a/w": "float64",
        "b/w": "float32",
        "ids": "int64",
        "same": "bfloat16",
        "text": "object",
        "tiny": "float8_e4m3fn",
        "z/half": "float16",
    }


def test_patterns_mean_names_in_the_checkpoint_not_in_the_result(plain):
    found = plain.load({"x": "a/w", "y": "a/w"}, dtype={"a/*": "float64"})
    assert dtypes_of(found) == {"x": "float64", "y": "float64"}
    assert not np.shares_memory(found["x"], found["y"])
    with pytest.raises(KeyError, match="no tensor 'x'"):
        plain.load({"x": "a/w"}, dtype={"x": "float64"})


def test_a_pattern_that_fits_nothing_is_an_error(plain):
    with pytest.raises(KeyError, match=r"no tensor 'c/\*'"):
        plain.load(dtype={"a/*": "float64", "c/*": "float64"})


def test_a_pattern_may_fit_tensors_that_are_not_asked_for(plain):
    found = plain.load(["b/*"], dtype={"a/*": "float64", "*": "float32"})
    assert dtypes_of(found) == {"b/w": "float32"}


@pytest.mark.parametrize("dtype", ["int32", "complex64", "bool", "object", "int4"])
def test_a_target_that_is_no_float_is_an_error(plain, dtype):
    for asked in (dtype, {"ids": dtype}):
        with pytest.raises(ValueError, match="floating dtypes only"):
            plain.load(dtype=asked)


def test_what_names_no_dtype_is_an_error(plain):
    with pytest.raises(TypeError, match="is no dtype"):
        plain.load(dtype="float99")


def test_cast_tensors_are_the_callers_own_and_others_as_ever(plain):
    found = plain.load(dtype="bfloat16")
    for name in ("a/w", "b/w", "z/half", "tiny"):
        assert found[name].flags.writeable
    for name in ("ids", "same", "text"):
        assert not found[name].flags.writeable
    assert np.shares_memory(found["same"], plain["same"])


def test_with_copy_everything_is_the_callers_own(plain):
    found = plain.load(dtype="bfloat16", copy=True)
    assert all(array.flags.writeable for array in found.values())
    assert list(found) == list(plain)


@pytest.mark.parametrize("name", ["float8_e5m2", "float8_e4m3fn"])
def test_other_floats_are_cast_by_numpy(plain, name):
    target = np.dtype(getattr(ml_dtypes, name))
    found = load_quietly(plain, dtype=name)
    for key in ("a/w", "b/w", "same", "z/half"):
        expected = cast_by_numpy(plain[key], target)
        assert found[key].dtype == target
        np.testing.assert_array_equal(found[key].view("u1"), expected.view("u1"))


def test_losses_of_numpys_casts_are_warned_of_with_the_others(plain):
    with pytest.warns(RuntimeWarning, match=r"^2 numbers in 2 tensors .*'a/w', now f"):
        plain.load(dtype={"z/*": "float8_e4m3fn", "*": "float16", "same": "float16"})
    with pytest.warns(RuntimeWarning, match=r"^1 numbers in 1 tensor were .*'a/w'"):
        plain.load(dtype="float16")


def test_nothing_is_warned_of_where_nothing_is_lost(plain):
    plain.load(dtype="float64")
    plain.load(["b/w"], dtype="float16")


def full(plain: fastckpt.Checkpoint, dtype: str) -> Arrays:
    asked = fastckpt.open(plain.path).load(dtype=dtype, copy=True)
    return {name: np.full_like(array, 7) for name, array in asked.items()}


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (("z/half", np.zeros(2, np.float16)), TypeError, "'z/half': out has dtype fl"),
        (("z/half", np.zeros(3, BFLOAT16)), ValueError, "'z/half': out has shape"),
        (("tiny", np.zeros(2, np.float32)), TypeError, "'tiny': out has dtype float32"),
        (("tiny", np.zeros(3, BFLOAT16)), ValueError, "'tiny': out has shape"),
        (("tiny", [1, 2]), TypeError, "'tiny': out must be a numpy.ndarray"),
        (("text", np.zeros(2)), TypeError, "'text': strings can only"),
        (("ids", None), TypeError, "'ids': out must be a numpy.ndarray, not None"),
        (("same", np.zeros(2, np.float32)), TypeError, "float32, the tensor bfloat16"),
    ],
)
def test_arrays_that_do_not_fit_are_refused_before_any_is_written(
    plain, change, error, message
):
    out = full(plain, "bfloat16")
    out[change[0]] = change[1]
    with pytest.raises(error, match=message):
        plain.load(dtype="bfloat16", out=out)
    assert all((array == 7).all() for name, array in out.items() if name != change[0])


def test_arrays_that_fit_are_filled_strings_and_small_floats_too(plain):
    out = full(plain, "bfloat16")
    found = plain.load(dtype="bfloat16", out=out)
    expected = plain.load(dtype="bfloat16")
    for name, array in out.items():
        assert found[name] is array
        np.testing.assert_array_equal(array, expected[name])


@pytest.mark.parametrize("io", ["mmap", "read"])
def test_damage_is_found_before_an_array_is_written(tmp_path, io):
    tensors = {name: np.ones(500_000, np.float32) for name in "ab"}
    fastckpt.save(tmp_path / "m", tensors)
    change_byte(tmp_path / "m.data-00000-of-00001", 3_999_999)
    with fastckpt.open(tmp_path / "m", io=io) as ckpt:
        out = {name: np.full(500_000, 7, np.float16) for name in "ab"}
        with pytest.raises(fastckpt.CorruptionError, match=r"'b'.*stored checksum"):
            ckpt.load(dtype="float16", out=out)
        assert all((array == 7).all() for array in out.values())
        with pytest.raises(fastckpt.CorruptionError, match=r"'b'.*stored checksum"):
            ckpt.load(dtype="float16")


def test_progress_counts_the_stored_bytes(tmp_path):
    fastckpt.save(tmp_path / "m", {"w": np.ones(1_000_000, np.float32)})
    seen = []
    with fastckpt.open(tmp_path / "m") as ckpt:
        ckpt.load(dtype="bfloat16", progress=lambda *it: seen.append(it))
    assert seen[-1] == (4_000_000, 4_000_000)


def test_load_of_a_path_casts_too(tmp_path):
    fastckpt.save(tmp_path / "m", {"w": np.array([1e30, 1])})
    with pytest.warns(RuntimeWarning, match="1 numbers in 1 tensor") as caught:
        found = fastckpt.load(tmp_path / "m", dtype="float16")
    assert found["w"].dtype == np.float16
    assert caught[0].filename == __file__
