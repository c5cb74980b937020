"""layout() and byte_runs(): where the bytes of a tensor lie."""

import itertools
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_read_regions import written

import fastckpt
from bundle_maker import BundleMaker
from fastckpt import UnsupportedError
from hostile_checks import GOOD, assert_same, good_bundle, part
from snappy_maker import literals_only
from strategies import bundles, regions, v1_files
from v1_maker import V1Maker

MATRIX = np.arange(24, dtype=np.float32).reshape(4, 6)
SHARD = "model.data-00000-of-00001"


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    """Gives a folder that all examples of this file write over."""
    return tmp_path_factory.mktemp("layout")


def bytes_of(runs) -> bytes:
    """Gives what lies in the runs, end to end."""
    files = {file: Path(file).read_bytes() for file, _, _ in runs}
    parts = [files[file][offset : offset + size] for file, offset, size in runs]
    assert [len(part) for part in parts] == [size for _, _, size in runs]
    return b"".join(parts)


def put_together(layout) -> np.ndarray:
    """Gives a tensor from the pieces of its layout."""
    out = np.zeros(layout.shape, layout.dtype)
    times_filled = np.zeros(layout.shape, np.int64)
    for piece in layout.pieces:
        raw = bytes_of([(piece.file, piece.offset, piece.nbytes)])
        value = np.frombuffer(raw, layout.dtype).reshape(piece.extent)
        corners = zip(piece.begin, piece.extent, strict=True)
        box = tuple(slice(first, first + size) for first, size in corners)
        out[box] = value
        times_filled[box] += 1
    assert (times_filled == 1).all()
    return out


def has_plain_bytes(value: np.ndarray) -> bool:
    return value.dtype != object


@given(made=bundles(), data=st.data())
def test_runs_are_the_bytes_of_a_region_and_no_more(made, data, scratch):
    maker, tensors = made
    with fastckpt.open(written(maker, scratch)) as ckpt:
        for info in ckpt.infos():
            value = tensors[info.name]
            if not has_plain_bytes(value) or info.slices:
                continue
            region = data.draw(regions(value.shape)) if value.ndim else ...
            runs = ckpt.byte_runs(info.name, region)
            assert bytes_of(runs) == part(value, region).tobytes()
            assert_joined(runs)


def assert_joined(runs) -> None:
    """Asserts that runs are not empty and none begins where the one before ends."""
    assert all(size > 0 for _, _, size in runs)
    for (file, offset, size), (next_file, next_offset, _) in itertools.pairwise(runs):
        assert (file, offset + size) != (next_file, next_offset)


@given(made=bundles(), data=st.data())
def test_runs_of_a_partitioned_tensor_hold_the_region(made, data, scratch):
    maker, tensors = made
    with fastckpt.open(written(maker, scratch)) as ckpt:
        for info in ckpt.infos():
            value = tensors[info.name]
            if not has_plain_bytes(value) or not info.slices:
                continue
            region = data.draw(regions(value.shape))
            runs = ckpt.byte_runs(info.name, region)
            stored, expected = bytes_of(runs), part(value, region).tobytes()
            assert sorted(stored) == sorted(expected)


@given(made=bundles())
def test_pieces_make_up_the_tensor(made, scratch):
    maker, tensors = made
    with fastckpt.open(written(maker, scratch)) as ckpt:
        for info in ckpt.infos():
            if not has_plain_bytes(tensors[info.name]):
                continue
            layout = ckpt.layout(info.name)
            assert layout.shape == tensors[info.name].shape
            assert layout.dtype == tensors[info.name].dtype
            assert len(layout.pieces) == max(1, len(info.slices))
            assert_same(put_together(layout), tensors[info.name])


@given(made=v1_files())
def test_runs_of_v1_are_the_tensors_bytes_or_unsupported(made, scratch):
    maker, tensors = made
    with fastckpt.open(written(maker, scratch)) as ckpt:
        for info in ckpt.infos():
            try:
                runs = ckpt.byte_runs(info.name, ...)
            except UnsupportedError:
                assert not info.is_view
                continue
            assert has_plain_bytes(tensors[info.name])
            if not info.slices or len(info.slices) == 1:
                assert bytes_of(runs) == tensors[info.name].tobytes()


@pytest.fixture
def ckpt(tmp_path):
    """Gives a checkpoint of the matrix `w`, whole and in slices, and of strings."""
    bundle = good_bundle()
    bundle.add("w", MATRIX)
    bundle.add_sliced("sliced", MATRIX, [[(0, 3), None], [(3, 1), (0, 6)]])
    return fastckpt.open(bundle.write(tmp_path))


def test_a_whole_tensor_is_one_run(ckpt, tmp_path):
    info = ckpt.info("w")
    file = str(tmp_path / SHARD)
    assert list(ckpt.byte_runs("w")) == [(file, info.offset, info.nbytes)]
    assert list(ckpt.byte_runs("w", None)) == list(ckpt.byte_runs("w", ...))


def test_rows_that_follow_each_other_are_one_run(ckpt):
    ((_, offset, size),) = ckpt.byte_runs("w", np.s_[1:3])
    assert (offset, size) == (ckpt.info("w").offset + 24, 48)


def test_columns_are_one_run_for_each_row(ckpt):
    start = ckpt.info("w").offset
    places = [tuple(run[1:]) for run in ckpt.byte_runs("w", np.s_[:, 1:3])]
    assert places == [(start + 24 * row + 4, 8) for row in range(4)]


@pytest.mark.parametrize("region", [np.s_[2:2], np.s_[:, 6:], np.s_[0:0, 0:0]])
def test_an_empty_region_has_no_runs(region, ckpt):
    assert list(ckpt.byte_runs("w", region)) == []
    assert list(ckpt.byte_runs("sliced", region)) == []


def test_a_layout_tells_where_each_slice_lies(ckpt, tmp_path):
    layout = ckpt.layout("sliced")
    assert (layout.dtype, layout.shape) == (np.dtype(np.float32), (4, 6))
    places = [(piece.begin, piece.extent, piece.nbytes) for piece in layout.pieces]
    assert places == [((0, 0), (3, 6), 72), ((3, 0), (1, 6), 24)]
    assert {piece.file for piece in layout.pieces} == {str(tmp_path / SHARD)}
    assert_same(put_together(layout), MATRIX)


def test_a_layout_of_a_plain_tensor_is_one_piece(ckpt):
    (piece,) = ckpt.layout("w").pieces
    info = ckpt.info("w")
    assert (piece.offset, piece.nbytes) == (info.offset, info.nbytes)
    assert (piece.begin, piece.extent) == ((0, 0), (4, 6))


@pytest.mark.parametrize("name", ["w", "sliced"])
def test_layouts_and_runs_pickle_and_repeat(name, ckpt):
    layout = ckpt.layout(name)
    assert pickle.loads(pickle.dumps(layout)) == layout
    assert ckpt.layout(name) == layout
    runs = ckpt.byte_runs(name, np.s_[1:3, ::2])
    assert pickle.loads(pickle.dumps(runs)) == runs
    assert ckpt.byte_runs(name, np.s_[1:3, ::2]) == runs


def test_no_data_file_is_touched(ckpt, tmp_path):
    (tmp_path / SHARD).unlink()
    assert len(ckpt.layout("sliced").pieces) == 2
    assert len(ckpt.byte_runs("sliced", np.s_[2:])) >= 1


def test_strings_have_no_byte_runs(ckpt):
    with pytest.raises(UnsupportedError, match="'c'"):
        ckpt.byte_runs("c")


def test_runs_of_big_endian_data_are_of_the_layouts_byte_order(tmp_path):
    bundle = BundleMaker(big_endian=True)
    bundle.add("w", MATRIX)
    ckpt = fastckpt.open(bundle.write(tmp_path))
    layout, runs = ckpt.layout("w"), ckpt.byte_runs("w", np.s_[1:, ::2])
    assert layout.dtype == np.dtype(">f4")
    assert bytes_of(runs) == MATRIX[1:, ::2].astype(layout.dtype).tobytes()


V1_WITHOUT_RUNS = {
    "strings": (GOOD["c"], {}, {}),
    "integers": (np.arange(6, dtype=np.int32), {}, {}),
    "booleans": (np.ones(6, bool), {}, {}),
    "halves": (np.ones(6, np.float16), {}, {}),
    "floats in Snappy": (MATRIX, {}, {"compress": literals_only}),
    "floats that are not packed": (MATRIX, {"packed": False}, {}),
}


@pytest.mark.parametrize(
    ("value", "how", "table"), V1_WITHOUT_RUNS.values(), ids=V1_WITHOUT_RUNS
)
def test_v1_has_no_byte_runs_of(value, how, table, tmp_path):
    checkpoint = V1Maker()
    checkpoint.add("w", value, **how)
    ckpt = fastckpt.open(checkpoint.write(tmp_path, **table))
    with pytest.raises(UnsupportedError, match="'w'"):
        ckpt.byte_runs("w")


def test_v1_has_byte_runs_of_packed_floats(tmp_path):
    checkpoint = V1Maker()
    checkpoint.add("w", MATRIX)
    ckpt = fastckpt.open(checkpoint.write(tmp_path))
    assert bytes_of(ckpt.byte_runs("w", np.s_[1:3, 1])) == MATRIX[1:3, 1].tobytes()
    assert_same(put_together(ckpt.layout("w")), MATRIX)


@pytest.mark.parametrize("ask", ["layout", "byte_runs", "info"])
def test_a_missing_tensor_is_a_key_error_with_the_closest_name(ask, ckpt):
    with pytest.raises(KeyError, match="sliced"):
        getattr(ckpt, ask)("Sliced")
