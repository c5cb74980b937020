"""Rows by number: what NumPy's indexing with one list of integers gives."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fastckpt
from bundle_maker import BundleMaker
from hostile_checks import assert_same, part
from strategies import bundles, v1_files, written
from v1_maker import V1Maker

TABLE = np.arange(60, dtype=np.float32).reshape(5, 4, 3)
INTEGERS = ["int8", "uint8", "int32", ">i8", "uint64", "int64"]


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    """Gives a folder that all examples of this file write over."""
    return tmp_path_factory.mktemp("rows")


@st.composite
def lists(draw, size: int):
    """Gives a list of indices into an axis of that size, in any form."""
    ids = st.integers(-size, size - 1)
    chosen = draw(st.lists(ids, max_size=9)) if size else []
    if not chosen or draw(st.booleans()):
        return chosen
    dtype = np.dtype(draw(st.sampled_from(INTEGERS)))
    if dtype.kind == "u":
        chosen = [number % size for number in chosen]
    array = np.zeros(2 * len(chosen), dtype)[::2]
    array[:] = chosen
    return array


@st.composite
def regions_with_a_list(draw, shape: tuple[int, ...]):
    """Gives an index with one list, and integers, slices and dots beside it."""
    axis = draw(st.integers(0, len(shape) - 1))
    items = []
    for at, size in enumerate(shape):
        if at == axis:
            items.append(draw(lists(size)))
        elif size and draw(st.booleans()):
            items.append(draw(st.integers(-size, size - 1)))
        else:
            items.append(draw(st.slices(size)))
    first = draw(st.integers(0, len(shape)))
    behind = draw(st.integers(first, len(shape)))
    if not first <= axis < behind and draw(st.booleans()):
        items[first:behind] = [...]
    if len(items) == 1 and draw(st.booleans()):
        return items[0]
    return tuple(items)


@given(made=st.one_of(bundles(), v1_files()), data=st.data())
@pytest.mark.parametrize("io", ["mmap", "read"])
def test_rows_by_number_are_what_numpy_gives(io, made, data, scratch):
    maker, tensors = made
    with fastckpt.open(written(maker, scratch), io=io) as ckpt:
        for name, value in tensors.items():
            if not value.ndim:
                continue
            region = data.draw(regions_with_a_list(value.shape), "region")
            expected = part(value, region)
            for _ in range(2):
                got = ckpt.read(name, region)
                assert type(got) is np.ndarray
                assert got.flags.writeable
                assert got.flags.aligned
                assert_same(got, expected)
            out = np.empty_like(expected, order="F")
            many = ckpt.read_many([(name, region, out), (name, region, None)])
            assert many[0] is out
            assert_same(many[0], expected)
            assert_same(many[1], expected)


@given(data=st.data())
@pytest.mark.parametrize("big_endian", [False, True])
@pytest.mark.parametrize("io", ["mmap", "read"])
def test_rows_of_either_byte_order(io, big_endian, data, scratch):
    bundle = BundleMaker(big_endian=big_endian)
    bundle.add("t", TABLE)
    region = data.draw(regions_with_a_list(TABLE.shape))
    with fastckpt.open(bundle.write(scratch, "order"), io=io) as ckpt:
        assert_same(ckpt.read("t", region), part(TABLE, region))


@pytest.fixture
def ckpt(tmp_path):
    bundle = BundleMaker()
    bundle.add("t", TABLE)
    with fastckpt.open(bundle.write(tmp_path)) as opened:
        yield opened


@pytest.mark.parametrize(
    "region",
    [
        [True, False, True, False, True],
        np.array([True] * 5),
        ([0, 1], [0, 1]),
        ([0, 1], slice(None), np.array([0, 1])),
        [[0, 1]],
        np.zeros((1, 1), int),
        [0.0],
        np.zeros(2),
        [np.True_],
        ["0"],
        [None],
    ],
    ids=repr,
)
def test_no_list_of_integers_is_a_type_error(ckpt, region):
    with pytest.raises(TypeError):
        ckpt.read("t", region)


@pytest.mark.parametrize(
    "region",
    [
        [5],
        [-6],
        [0, 1 << 80],
        np.array([1 << 63], np.uint64),
        (0, [4]),
        (None, [0]),
        ([0], None),
        (slice(None), None),
    ],
    ids=repr,
)
def test_what_is_out_of_bounds_or_none_is_an_index_error(ckpt, region):
    with pytest.raises(IndexError):
        ckpt.read("t", region)


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("io", ["mmap", "read"])
def test_many_rows_on_many_threads_are_the_same(io, threads, tmp_path):
    table = np.random.default_rng(0).random((3000, 128), np.float32)
    bundle = BundleMaker()
    bundle.add("t", table)
    ids = np.random.default_rng(1).integers(-3000, 3000, 9000)
    with fastckpt.open(bundle.write(tmp_path), io=io) as ckpt:
        assert_same(ckpt.read("t", ids, threads=threads), table[ids])
        out = np.zeros((128, 9000), np.float32).T
        assert ckpt.read("t", ids, out, threads=threads) is out
        assert_same(out, table[ids])
        columns = (slice(None, None, -2), ids[:50] % 128)
        assert_same(ckpt.read("t", columns, threads=threads), part(table, columns))


@given(data=st.data())
def test_byte_runs_of_a_list_are_its_bytes_in_order(data, scratch):
    bundle = BundleMaker()
    bundle.add("t", TABLE)
    region = data.draw(regions_with_a_list(TABLE.shape))
    with fastckpt.open(bundle.write(scratch, "runs")) as ckpt:
        got = np.frombuffer(_slurp(ckpt.byte_runs("t", region)), np.float32)
    # A list that NumPy moves to the front is no other byte in the file's order.
    assert sorted(got) == sorted(part(TABLE, region).ravel())
    if not isinstance(region, tuple):
        assert got.tobytes() == part(TABLE, region).tobytes()


def _slurp(runs) -> bytes:
    found = b""
    for path, offset, nbytes in runs:
        with open(path, "rb") as file:
            file.seek(offset)
            found += file.read(nbytes)
    return found


def test_byte_runs_that_touch_are_one(tmp_path):
    bundle = BundleMaker()
    halves = [[(0, 2), (0, 4), (0, 3)], [(2, 3), (0, 4), (0, 3)]]
    bundle.add_sliced("s", TABLE, halves)
    bundle.add("t", TABLE)
    with fastckpt.open(bundle.write(tmp_path)) as ckpt:
        [(_, _, nbytes)] = ckpt.byte_runs("s")
        assert nbytes == TABLE.nbytes
        assert len(ckpt.byte_runs("t", [3, 1, 2, 4])) == 3
        assert len(ckpt.byte_runs("t", [0, 1, 2])) == 1
        assert len(ckpt.byte_runs("t", (slice(None, None, -1), slice(1, 2)))) == 5


def test_rows_of_packed_v1_tensors_in_parts(tmp_path):
    checkpoint = V1Maker()
    checkpoint.add("t", TABLE)
    path = checkpoint.write(tmp_path)
    for io in ("mmap", "read"):
        with fastckpt.open(path, io=io) as ckpt:
            for region in ([4, 0, 4], (1, [2, 0]), 2, [1]):
                assert_same(ckpt.read("t", region), part(TABLE, region))


class Foreign:
    """An array as other libraries have them: NumPy makes one of it."""

    def __init__(self, values):
        self._values = np.asarray(values)
        self.ndim = self._values.ndim

    def __array__(self, dtype=None, copy=None):
        return self._values

    def __index__(self):
        return int(self._values)


IDS = (
    (Foreign([3, -1, 3]), [3, -1, 3]),
    (Foreign(2), 2),
    (range(1, 4), [1, 2, 3]),
    (range(0), np.empty(0, int)),
)


@pytest.mark.parametrize("after", [(), (slice(None), 1)])
def test_rows_are_numbered_by_arrays_of_any_library(after, tmp_path):
    fastckpt.save(tmp_path / "m", {"t": TABLE, "s": TABLE.astype("S").astype(object)})
    with fastckpt.open(tmp_path / "m") as ckpt:
        for name in ("t", "s"):
            whole = ckpt.read(name)
            for ids, plain in IDS:
                wanted = whole[(plain, *after)]
                found = ckpt.read(name, (ids, *after) if after else ids)
                assert found.tolist() == wanted.tolist()
        for mask in (Foreign([True] * len(TABLE)), Foreign([1.0])):
            with pytest.raises(TypeError, match="flatnonzero"):
                ckpt.read("t", mask)
        with pytest.raises(IndexError, match="out of bounds"):
            ckpt.read("t", range(len(TABLE) + 1))
