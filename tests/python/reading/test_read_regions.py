"""Reading regions: the same elements as NumPy's indexing of the whole tensor."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import fastckpt
from bundle_maker import BundleMaker
from fastckpt import CorruptionError
from hostile_checks import GOOD, assert_same, good_bundle, part
from strategies import bundles, regions, v1_files, written
from wire_maker import slice_key

MATRIX = np.arange(24, dtype=np.float32).reshape(4, 6)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    """Gives a folder that all examples of this file write over."""
    return tmp_path_factory.mktemp("regions")


@st.composite
def targets(draw, shape, dtype) -> np.ndarray:
    """Gives an array of that shape with any strides, for `out`."""
    order = draw(st.permutations(range(len(shape))))
    steps = [draw(st.sampled_from([1, -1, 2, -3])) for _ in shape]
    sizes = [shape[axis] * abs(steps[axis]) for axis in order]
    whole = np.zeros(sizes, dtype)
    if not shape:
        return whole
    turned = whole.transpose(np.argsort(order))
    return turned[tuple(slice(None, None, step) for step in steps)]


def some_region(data, value: np.ndarray):
    return data.draw(regions(value.shape), "region") if value.ndim else ...


@given(made=st.one_of(bundles(), v1_files()), data=st.data())
@pytest.mark.parametrize("io", ["mmap", "read"])
def test_a_region_is_what_numpy_gives(io, made, data, scratch):
    maker, tensors = made
    with fastckpt.open(written(maker, scratch), io=io) as ckpt:
        assert list(ckpt) == sorted(tensors, key=_bytes)
        for name, value in tensors.items():
            region = some_region(data, value)
            got = ckpt.read(name, region=region)
            assert type(got) is np.ndarray
            assert got.flags.writeable
            assert got.flags.aligned
            assert_same(got, part(value, region))
            assert_same(part(ckpt[name], region), part(value, region))


def _bytes(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")


@given(made=st.one_of(bundles(), v1_files()), data=st.data())
@pytest.mark.parametrize("io", ["mmap", "read"])
def test_a_region_fills_an_array_of_any_strides(io, made, data, scratch):
    maker, tensors = made
    with fastckpt.open(written(maker, scratch), io=io) as ckpt:
        for name, value in tensors.items():
            region = some_region(data, value)
            expected = part(value, region)
            out = data.draw(targets(expected.shape, expected.dtype), "out")
            assert ckpt.read(name, region=region, out=out) is out
            assert_same(out, expected)


@given(data=st.data())
def test_reading_into_an_array_changes_nothing_beside_it(data, scratch):
    bundle = BundleMaker()
    bundle.add("w", MATRIX)
    ckpt = fastckpt.open(bundle.write(scratch))
    around = np.full((9, 15), -1, np.float32)
    region = data.draw(hnp.basic_indices((4, 6), min_dims=2, allow_newaxis=False))
    expected = MATRIX[region]
    rows, columns = expected.shape
    inside = around[1 : 1 + 2 * rows : 2, 2 : 2 + 2 * columns : 2]
    ckpt.read("w", region=region, out=inside)
    np.testing.assert_array_equal(inside, expected)
    assert np.count_nonzero(around == -1) == around.size - expected.size


@given(made=st.one_of(bundles(), v1_files()), data=st.data())
def test_many_regions_at_once_are_what_numpy_gives(made, data, scratch):
    maker, tensors = made
    wanted = data.draw(st.lists(st.sampled_from(sorted(tensors)), max_size=8))
    requests, expected = [], []
    for name in wanted:
        region = some_region(data, tensors[name])
        expected.append(part(tensors[name], region))
        requests.append((name, region, np.zeros_like(expected[-1])))
    with fastckpt.open(written(maker, scratch)) as ckpt:
        ckpt.read_many(requests)
    for (_, _, out), value in zip(requests, expected, strict=True):
        assert_same(out, value)


@pytest.fixture
def ckpt(tmp_path):
    """Gives a checkpoint of the matrix `w` and the good tensors."""
    bundle = good_bundle()
    bundle.add("w", MATRIX)
    return fastckpt.open(bundle.write(tmp_path))


REGIONS = {
    "nothing said": None,
    "all": np.s_[...],
    "no index": (),
    "an integer": 2,
    "a negative integer": -1,
    "an integer of NumPy": np.int8(3),
    "two integers": (1, -2),
    "rows": np.s_[1:3],
    "columns": np.s_[:, 2:5],
    "steps": np.s_[::3, ::4],
    "all rows backwards": np.s_[::-1],
    "all backwards": np.s_[::-1, ::-1],
    "negative steps": np.s_[3:0:-2, -1:-5:-3],
    "nothing": np.s_[2:2],
    "backwards nothing": np.s_[0:3:-1],
    "past the end": np.s_[2:100, -100:2],
    "an ellipsis in front": np.s_[..., 1],
    "an ellipsis behind": np.s_[1, ...],
    "an ellipsis between": np.s_[0, ..., 5],
}


@pytest.mark.parametrize("region", REGIONS.values(), ids=REGIONS)
def test_a_region_reads(region, ckpt):
    expected = MATRIX if region is None else MATRIX[region]
    assert_same(ckpt.read("w", region=region), expected)


NO_REGIONS = {
    "an integer past the end": 4,
    "a negative integer past the start": -5,
    "an integer past the end of a later dimension": (0, 6),
    "too many integers": (0, 0, 0),
    "two ellipses": (..., ...),
    "a new axis": np.s_[None, 0],
    "two lists": ([0, 1], [0, 1]),
    "an array of two dimensions": np.array([[0, 1]]),
    "a mask": np.ones((4, 6), bool),
    "a boolean": True,
    "text": "0:3",
    "a float": 1.0,
    "a step of zero": np.s_[::0],
    "a slice of floats": np.s_[0.5:2],
}


@pytest.mark.parametrize("region", NO_REGIONS.values(), ids=NO_REGIONS)
def test_what_is_no_region_is_refused(region, ckpt):
    with pytest.raises((IndexError, ValueError, TypeError)):
        ckpt.read("w", region=region)


def read_only() -> np.ndarray:
    out = np.zeros((4, 6), np.float32)
    out.setflags(write=False)
    return out


NO_TARGETS = {
    "another shape": np.zeros((6, 4), np.float32),
    "one row too few": np.zeros((3, 6), np.float32),
    "one dimension": np.zeros(24, np.float32),
    "one dimension more": np.zeros((1, 4, 6), np.float32),
    "another dtype": np.zeros((4, 6), np.float64),
    "another kind of the same size": np.zeros((4, 6), np.int32),
    "another byte order": np.zeros((4, 6), ">f4"),
    "objects": np.zeros((4, 6), object),
    "a read-only array": read_only(),
    "a list": [[0.0] * 6] * 4,
    "bytes": bytearray(96),
}


@pytest.mark.parametrize("out", NO_TARGETS.values(), ids=NO_TARGETS)
def test_what_does_not_fit_is_no_target(out, ckpt):
    before = repr(out)
    with pytest.raises((ValueError, TypeError)):
        ckpt.read("w", out=out)
    assert repr(out) == before


def test_strings_fill_an_array_of_objects(ckpt):
    out = np.full(3, None, object)
    ckpt.read("c", out=out)
    assert out.tolist() == GOOD["c"].tolist()


def test_a_copy_is_the_callers_own(ckpt):
    first, second = ckpt.read("w"), ckpt.read("w")
    first[:] = 0
    np.testing.assert_array_equal(second, MATRIX)
    np.testing.assert_array_equal(ckpt["w"], MATRIX)
    assert not np.shares_memory(first, second)


def test_only_the_slices_that_a_region_touches_are_read(tmp_path):
    bundle = BundleMaker(4)
    slices = [[(row, 1), None] for row in range(4)]
    bundle.add_sliced("w", MATRIX, slices, shards=[0, 1, 2, 3])
    bundle.entries[slice_key(b"w", slices[2])]["crc32c"] ^= 1
    prefix = bundle.write(tmp_path)
    (tmp_path / "model.data-00003-of-00004").unlink()
    ckpt = fastckpt.open(prefix)
    assert_same(ckpt.read("w", region=np.s_[:2]), MATRIX[:2])
    assert_same(ckpt.read("w", region=np.s_[1, ::-1]), MATRIX[1, ::-1])
    with pytest.raises(CorruptionError, match="'w'"):
        ckpt.read("w", region=np.s_[1:3])
    with pytest.raises(FileNotFoundError):
        ckpt.read("w", region=np.s_[3])


def test_a_missing_name_among_many_regions_is_a_key_error(ckpt):
    with pytest.raises(KeyError, match="W"):
        ckpt.read_many([("w", ..., np.zeros_like(MATRIX)), ("W", ..., None)])


@pytest.mark.parametrize("name", ["numbers", "texts"])
@pytest.mark.parametrize(
    "region",
    [
        np.s_[-10:-20:-1],
        np.s_[3:3:-1],
        np.s_[:: 2**70],
        np.s_[:: -(2**70)],
        np.s_[:: -(2**63)],
        np.s_[2 :: 2**63],
    ],
    ids=str,
)
def test_a_region_may_be_empty_and_its_step_any_number(region, name, tmp_path):
    tensors = {
        "numbers": np.arange(5, dtype=np.float32),
        "texts": np.array([b"a", b"b", b"c", b"d", b"e"], dtype=object),
    }
    bundle = BundleMaker()
    for key, value in tensors.items():
        bundle.add(key, value)
    with fastckpt.open(bundle.write(tmp_path)) as ckpt:
        assert_same(ckpt.read(name, region=region), tensors[name][region])
