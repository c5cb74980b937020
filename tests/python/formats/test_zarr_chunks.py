"""Zarr chunks: whichever way a tensor is stored, its chunks are runs of its bytes."""

from __future__ import annotations

from itertools import product
from math import prod

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastckpt.formats import zarr_chunks
from fastckpt.formats.zarr_chunks import choose_chunks, place_chunks
from fastckpt.reading.results import TensorLayout, TensorPiece

FLOAT = np.dtype(np.float32)


def make_layout(cuts: list[list[int]], dtype: np.dtype = FLOAT) -> TensorLayout:
    """Gives a tensor in a grid of pieces; each axis is cut at these indices."""
    shape = tuple(axis[-1] for axis in cuts)
    edges = [list(zip([0, *axis], axis, strict=False)) for axis in cuts]
    pieces, offset = [], 7
    for spans in product(*edges):
        begin = tuple(first for first, _ in spans)
        extent = tuple(last - first for first, last in spans)
        nbytes = prod(extent) * dtype.itemsize
        pieces.append(TensorPiece("file", offset, nbytes, begin, extent))
        offset += nbytes + 3
    return TensorLayout(dtype, shape, tuple(pieces))


def stored(layout: TensorLayout) -> tuple[bytes, np.ndarray]:
    """Gives a file that holds the numbers from 0 on, and the array of them."""
    array = np.arange(prod(layout.shape)).astype(layout.dtype).reshape(layout.shape)
    content = bytearray(max([it.offset + it.nbytes for it in layout.pieces], default=0))
    for it in layout.pieces:
        spans = zip(it.begin, it.extent, strict=True)
        region = tuple(slice(begin, begin + extent) for begin, extent in spans)
        content[it.offset : it.offset + it.nbytes] = array[region].tobytes()
    return bytes(content), array


def check(layout: TensorLayout) -> tuple[int, ...]:
    """Checks that the chunks, put together as Zarr does, are the tensor."""
    chunks = choose_chunks(layout)
    assert chunks is not None
    assert all(
        length % size == 0 for length, size in zip(layout.shape, chunks, strict=True)
    )
    content, expected = stored(layout)
    found = np.zeros_like(expected)
    for place in place_chunks(layout, chunks):
        chunk = np.frombuffer(content[place.offset :][: place.nbytes], layout.dtype)
        index = map(int, place.key.split(".")) if layout.shape else ()
        spans = zip(index, chunks, strict=True)
        region = tuple(slice(at * size, (at + 1) * size) for at, size in spans)
        found[region] = chunk.reshape(chunks)
    np.testing.assert_array_equal(found, expected)
    return chunks


@pytest.fixture
def small(monkeypatch):
    """Makes tensors of more than 64 bytes large."""
    monkeypatch.setattr(zarr_chunks, "_LARGE", 64)
    monkeypatch.setattr(zarr_chunks, "_BEST", 32)


@pytest.mark.parametrize(
    ("cuts", "chunks"),
    [
        ([], ()),
        ([[3]], (3,)),
        ([[4], [4]], (4, 4)),  # 64 bytes
        ([[12], [2]], (4, 2)),  # 32 bytes each
        (
            [[20], [3]],
            (2, 3),
        ),  # 24 bytes; 36 are nearer, but no divisor
        ([[7], [4]], (1, 4)),  # a prime
        ([[31], [1]], (31, 1)),  # nearer than chunks of 4 bytes
        ([[2], [3], [8]], (1, 1, 8)),
        ([[1], [12], [2]], (1, 4, 2)),  # the first axis is cut up
        ([[40]], (8,)),
        ([[2], [100]], (1, 10)),
        ([[0], [4]], (1, 4)),
        ([[4], [0]], (4, 1)),
    ],
)
def test_a_whole_tensor_is_cut_into_rows_near_the_best_size(cuts, chunks, small):
    assert check(make_layout(cuts)) == chunks


@pytest.mark.parametrize(
    ("cuts", "chunks"),
    [
        ([[4, 8, 12], [2]], (4, 2)),
        ([[4, 8], [4]], (2, 4)),
        ([[6, 10], [2]], (2, 2)),  # partitions of 6 and of 4 rows
        ([[5, 9], [2]], (1, 2)),
        ([[3, 6], [2, 4]], (3, 2)),  # both axes
        ([[4], [2, 4]], (4, 2)),  # columns
        ([[4], [1, 4]], (1, 1)),  # of different widths
        ([[4], [2, 6], [3]], (1, 2, 3)),
    ],
)
def test_a_partitioned_tensor_is_cut_where_its_partitions_are(cuts, chunks, small):
    assert check(make_layout(cuts)) == chunks


@given(
    st.lists(
        st.lists(st.integers(1, 6), min_size=1, max_size=3), min_size=0, max_size=4
    ),
    st.sampled_from(["<f4", ">f4", "|i1", "<c16"]),
)
def test_chunks_of_any_grid_are_the_tensor(lengths, dtype):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(zarr_chunks, "_LARGE", 64)
        patch.setattr(zarr_chunks, "_BEST", 32)
        cuts = [list(map(int, np.cumsum(axis))) for axis in lengths]
        check(make_layout(cuts, np.dtype(dtype)))


def test_a_tensor_of_some_mebibytes_is_one_chunk():
    assert choose_chunks(make_layout([[1 << 20], [4]])) == (1 << 20, 4)
    assert choose_chunks(make_layout([[1 << 20], [5]])) == (1 << 19, 5)
    assert choose_chunks(make_layout([[30522], [768]])) == (5087, 768)


def test_partitions_that_have_nothing_in_common_are_no_array():
    rows = 200_003
    assert choose_chunks(make_layout([[66_667, 133_335, rows], [4]])) is None
    assert choose_chunks(make_layout([[rows], [4]])) == (rows, 4)


def test_a_length_beyond_all_data_takes_no_time():
    layout = make_layout([[(1 << 61) - 1]], np.dtype(np.uint8))
    assert choose_chunks(layout) is not None
