"""fastckpt.statistics(): what it says of values, compared with NumPy."""

from __future__ import annotations

import ctypes
import gc
import math
import pickle
import platform
import struct
import sys

import ml_dtypes
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import fastckpt
from bundle_maker import BundleMaker
from fastckpt.checking import regions
from fastckpt.checking.statistics import look_at, statistics_of
from places import GOLDEN, TESTDATA, items
from process_memory import IS_MEASURABLE, peak_of

NARROW = ["bfloat16", "float8_e5m2", "float8_e4m3fn", "int4", "uint4", "float16"]
PLAIN = ["float32", "float64", "int8", "uint16", "int64", "uint64", "bool"]
DTYPES = [*PLAIN, *NARROW, "complex64", "complex128"]


def dtype_of(name):
    return np.dtype(getattr(ml_dtypes, name) if hasattr(ml_dtypes, name) else name)


def wide(array):
    if array.dtype.kind == "c":
        return array.astype(np.complex128)
    is_integer = array.dtype.kind in "biu" or "int" in array.dtype.name
    return array.astype(np.int64 if array.dtype.kind == "b" else array.dtype).astype(
        np.float64 if not is_integer or array.dtype.kind in "iu" else np.int64
    )


@pytest.fixture
def save(tmp_path):
    def save(values, **options):
        fastckpt.save(tmp_path / "model", values, **options)
        return tmp_path / "model"

    return save


@pytest.mark.parametrize("name", DTYPES)
def test_every_numeric_dtype_is_described_as_numpy_does(name, save):
    random = np.random.default_rng(5)
    array = random.integers(0, 4, (7, 9)).astype(dtype_of(name))
    found = fastckpt.statistics(save({"w": array}))["w"]
    values = wide(array)
    sizes = np.abs(values)
    assert (found.min, found.max) == (sizes.min(), sizes.max())
    assert found.mean == pytest.approx(values.mean())
    assert found.std == pytest.approx(values.std())
    assert (found.nan, found.inf) == (0, 0)
    assert found.zeros == np.sum(values == 0)
    counts, edges = found.histogram
    expected, bounds = np.histogram(sizes, 50, (sizes.min(), sizes.max()))
    assert (list(counts), list(edges)) == (expected.tolist(), bounds.tolist())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(
    array=hnp.arrays(
        np.float32,
        hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=6),
        elements=st.floats(width=32),
    )
)
def test_moments_are_of_the_finite_values(array, save):
    found = fastckpt.statistics(save({"w": array}))["w"]
    finite = array[np.isfinite(array)].astype(np.float64)
    assert found.nan == np.isnan(array).sum()
    assert found.inf == np.isinf(array).sum()
    assert sum(found.histogram[0]) == finite.size
    if finite.size:
        assert (found.min, found.max) == (finite.min(), finite.max())
        scale = np.abs(finite).max()
        assert found.mean == pytest.approx(finite.mean(), abs=1e-12 * scale)
        assert found.std == pytest.approx(finite.std(), abs=1e-7 * scale)
    else:
        assert found[:4] == (None,) * 4
        assert found.histogram == ((), ())


def test_of_complex_numbers_magnitudes_have_limits(save):
    array = np.array([3 + 4j, 0, complex(math.nan, 1), complex(0, math.inf)], "c8")
    found = fastckpt.statistics(save({"w": array}))["w"]
    assert found[:4] == (0.0, 5.0, 1.5 + 2j, pytest.approx(np.std([3 + 4j, 0])))
    assert (found.zeros, found.nan, found.inf) == (1, 1, 1)


def test_the_limits_of_wide_integers_are_exact(save):
    limits = np.iinfo(np.int64)
    found = fastckpt.statistics(save({"w": [limits.min, 0, limits.max]}))["w"]
    assert (found.min, found.max) == (limits.min, limits.max)


def test_results_are_plain_values(save):
    found = fastckpt.statistics(save({"w": [1.0, 2.0], "n": [1, 2]}))
    assert all(isinstance(it, fastckpt.Statistics) for it in found.values())
    assert pickle.loads(pickle.dumps(found)) == found
    assert {hash(it) == hash(tuple(it)) for it in found.values()} == {True}
    (counts, edges) = found["w"].histogram
    assert {type(it) for it in counts} == {int}
    assert {type(it) for it in edges} == {float}


def test_strings_are_left_out_and_names_are_chosen_as_load_does(save):
    path = save({"a/w": [1.0], "a/v": [2.0], "b": [3.0], "text": [b"x"]})
    assert list(fastckpt.statistics(path)) == ["a/v", "a/w", "b"]
    assert list(fastckpt.statistics(path, ["a/*", "text"])) == ["a/v", "a/w"]
    found = fastckpt.statistics(path, {"one": "b", "two": "b"})
    assert [(name, it.max) for name, it in found.items()] == [("one", 3), ("two", 3)]
    with pytest.raises(KeyError, match="nothing"):
        fastckpt.statistics(path, ["nothing"])


@pytest.mark.parametrize("io", ["mmap", "read"])
@pytest.mark.parametrize("threads", [1, 3])
def test_many_parts_on_many_threads_give_the_same(io, threads, save):
    random = np.random.default_rng(6)
    array = random.normal(3, 10, (500, 7, 310)).astype(np.float32)
    array[3, 2, :3] = math.nan, math.inf, 0
    path = save({"w": array, "small": array[0], "scalar": np.float32(2)})
    with fastckpt.open(path, io=io) as ckpt:
        found = fastckpt.statistics(ckpt, threads=threads)
    finite = array[np.isfinite(array)].astype(np.float64)
    assert found["w"].mean == pytest.approx(finite.mean(), rel=1e-12)
    assert found["w"].std == pytest.approx(finite.std(), rel=1e-12)
    assert found["w"][4:7] == (1, 1, 1)
    counts, _ = np.histogram(finite, 50, (finite.min(), finite.max()))
    assert list(found["w"].histogram[0]) == counts.tolist()
    assert found["scalar"][:4] == (2, 2, 2, 0)


def test_the_number_of_threads_changes_no_bit(save):
    path = save({"w": np.random.default_rng(8).normal(size=500_000)})
    one, two = (fastckpt.statistics(path, threads=count) for count in (1, 4))
    assert one == two


@pytest.mark.skipif(not IS_MEASURABLE, reason="needs Linux without a sanitizer")
def test_histograms_of_small_tensors_in_slices_count_every_number():
    for golden in ("sliced", "v1_sliced", "v1_sharded"):
        prefix = GOLDEN / golden / "model"
        found = fastckpt.statistics(prefix)
        with fastckpt.open(prefix) as ckpt:
            for name, one in found.items():
                finite = np.isfinite(wide(ckpt[name])).sum()
                assert sum(one.histogram[0]) == finite, (golden, name)


@pytest.mark.parametrize("is_sliced", [False, True])
def test_memory_is_flat_whatever_the_size_of_the_tensor(is_sliced, tmp_path):
    half = np.zeros((1 << 12, 1 << 11), np.float32)  # 32 MiB
    with fastckpt.Writer(tmp_path / "p") as writer:
        if is_sliced:
            for begin in (0, 1 << 12):
                shape = (1 << 13, 1 << 11)
                writer.add_slice("w", half, full_shape=shape, begin=(begin, 0))
        else:
            writer.add("w", np.concatenate([half, half]))
    # Pages of a mapping would count, though they cost nothing.
    with fastckpt.open(tmp_path / "p", io="read") as ckpt:
        fastckpt.statistics(ckpt, threads=2)  # what is made once
        peak = peak_of(lambda: fastckpt.statistics(ckpt, threads=2))
        whole = peak_of(lambda: ckpt["w"])
    assert peak < 8 << 20
    assert whole > 60 << 20


def test_slices_and_big_endian_numbers_are_read_as_they_are(tmp_path):
    bundle = BundleMaker(big_endian=True)
    bundle.add("w", np.arange(6, dtype=np.float32))
    found = fastckpt.statistics(bundle.write(tmp_path))["w"]
    assert (found.min, found.max, found.mean) == (0, 5, 2.5)
    with fastckpt.Writer(tmp_path / "sliced") as writer:
        for begin in (0, 2):
            values = np.full((2, 3), begin + 1.0)
            writer.add_slice("v", values, full_shape=(4, 3), begin=(begin, 0))
    assert fastckpt.statistics(tmp_path / "sliced")["v"].mean == 2


def test_damage_is_raised(save):
    path = save({"w": np.arange(100.0)})
    data = path.with_name("model.data-00000-of-00001")
    content = bytearray(data.read_bytes())
    content[100] ^= 1
    data.write_bytes(content)
    with pytest.raises(fastckpt.CorruptionError, match="'w'"):
        fastckpt.statistics(path)


@pytest.mark.parametrize("item", items(TESTDATA), ids=lambda item: item.name)
def test_real_checkpoints_have_statistics(item):
    with fastckpt.open(item) as ckpt:
        found = fastckpt.statistics(ckpt)
        for name, it in found.items():
            info = ckpt.info(name)
            size = math.prod(info.shape)
            assert sum(it.histogram[0]) + it.nan + it.inf == size
        assert set(ckpt) - set(found) == {
            i.name for i in ckpt.infos() if i.dtype == "O"
        }


def test_regions_cover_an_array_once():
    seen = np.zeros((4, 3, 5), int)
    for region in regions.regions_of(seen.shape, 7):
        seen[region] += 1
    assert (seen == 1).all()


@pytest.fixture
def flushing():
    """This thread takes the smallest numbers for zero, as -ffast-math makes it."""
    if platform.machine() != "x86_64" or not sys.platform.startswith("linux"):
        pytest.skip("knows the environment of x86-64 Linux alone")
    library = ctypes.CDLL("libm.so.6")
    before = ctypes.create_string_buffer(32)
    library.fegetenv(before)
    changed = bytearray(before.raw)
    (mode,) = struct.unpack_from("<I", changed, 28)
    struct.pack_into("<I", changed, 28, mode | 0x8040)
    library.fesetenv(bytes(changed))
    yield
    library.fesetenv(before)


@pytest.mark.parametrize("threads", [1, 3])
def test_the_smallest_numbers_are_no_zeros_whoever_calls(threads, save, request):
    random = np.random.default_rng(7)
    # All of them are subnormal; some are in one part, others in many.
    made = {
        name: random.integers(1, 1 << 40, size).view(np.float64)
        for name, size in (("few", 1000), ("many", 300_000))
    }
    path = save(made)
    plain = fastckpt.statistics(path, threads=threads)
    request.getfixturevalue("flushing")
    found = fastckpt.statistics(path, threads=threads)
    of_array = statistics_of(made["many"], threads)
    assert repr(found) == repr(plain)
    assert repr(of_array) == repr(plain["many"])


INTEGERS = ["int8", "uint8", "bool", "int16", "uint16"]


@pytest.mark.parametrize(
    "name", [*INTEGERS, "int4", "float8_e4m3fn", "float8_e5m2", "float16", "bfloat16"]
)
@pytest.mark.parametrize("count", [1, 3000, 300_001, 1_100_000])
def test_whether_a_histogram_is_made_changes_nothing_else(name, count, save):
    random = np.random.default_rng(count)
    bits = np.dtype(dtype_of(name)).itemsize * 8
    array = random.integers(0, 1 << bits, count).astype(f"u{bits // 8}")
    array = (array & 1).astype(bool) if name == "bool" else array.view(dtype_of(name))
    with fastckpt.open(save({"w": array})) as ckpt:
        found = look_at(ckpt, None, 3, None, with_histogram=False)["w"]
        again = fastckpt.statistics(ckpt)["w"]
    assert found.histogram == ((), ())
    assert found[:7] == again[:7]
    assert sum(again.histogram[0]) == count - found.nan - found.inf
    if name in INTEGERS:
        wide = array.astype(np.int64)
        assert found[:3] == (wide.min(), wide.max(), wide.sum() / count)
        assert found.std == pytest.approx(wide.std(), rel=1e-12)
        assert found[4:7] == (np.sum(wide == 0), 0, 0)


def test_very_many_tensors_are_described_as_each_alone(save):
    """Some are looked at together; these are of every kind, and more than twice."""
    random = np.random.default_rng(9)
    made = {}
    for i in range(4500):
        dtype = dtype_of(DTYPES[i % len(DTYPES)])
        made[f"t{i * 7 % 4500:04}"] = random.integers(0, 4, i % 5).astype(dtype)
    made["t0000"] = np.arange(100_000, dtype=np.float32)  # looked at twice
    calls = []
    with fastckpt.open(save(made)) as ckpt:
        found = fastckpt.statistics(ckpt, progress=lambda *done: calls.append(done))
        assert list(found) == list(ckpt)
        for i in (0, 1, 2047, 2048, 2049, 4095, 4096, 4499):
            name = f"t{i:04}"
            assert found[name] == fastckpt.statistics(ckpt, [name])[name]
    assert found["t0000"].max == 99_999
    total = sum(array.nbytes for array in made.values()) + made["t0000"].nbytes
    assert calls[-1] == (total, total)
    assert {it[1] for it in calls} == {total}


def test_damage_among_very_many_tensors_is_named(save):
    path = save({f"t{i:04}": np.full(3, i, np.float32) for i in range(4500)})
    data = path.with_name("model.data-00000-of-00001")
    content = bytearray(data.read_bytes())
    content[12 * 4321] ^= 1
    data.write_bytes(content)
    with pytest.raises(fastckpt.CorruptionError, match="t4321"):
        fastckpt.statistics(path)
    names = [f"t{i:04}" for i in range(4500) if i != 4321]
    assert len(fastckpt.statistics(path, names)) == 4499


def test_results_are_nothing_for_the_collector(save):
    found = fastckpt.statistics(save({"w": [1.0, 2.0], "s": [3]}))
    assert not any(gc.is_tracked(it) for it in found.values())
