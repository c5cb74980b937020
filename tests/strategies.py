"""Hypothesis strategies: tensors of every type, cut into slices, spread over shards."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from bundle_maker import BundleMaker
from dtype_table import FIXED, STRING, Dtype, random_array
from v1_maker import FIELD_OF, V1Maker
from wire_maker import Extent

SHAPES = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5)
STRINGS = st.binary(max_size=20)
V1_DTYPES = [dtype for dtype in FIXED if dtype.number in FIELD_OF]


def names() -> st.SearchStrategy[str]:
    """Gives names that are legal: any bytes but none at all."""
    raw = st.binary(min_size=1, max_size=12)
    return st.one_of(
        raw.map(lambda name: name.decode("utf-8", "surrogateescape")), texts()
    )


def texts() -> st.SearchStrategy[str]:
    """Gives names that are UTF-8, as TensorFlow asks of V1 files."""
    paths = st.from_regex(r"[a-c]{1,2}(/[a-c]{1,2}){0,2}", fullmatch=True)
    return st.one_of(st.text(min_size=1, max_size=8), paths)


@st.composite
def values(
    draw: st.DrawFn, dtypes: list[Dtype] = FIXED, shapes: st.SearchStrategy = SHAPES
) -> tuple[int, np.ndarray]:
    """Gives TensorFlow's number of a type and an array of it; strings among them."""
    shape = draw(shapes)
    if draw(st.integers(0, 9)) == 0:
        count = int(np.prod(shape))
        texts = draw(st.lists(STRINGS, min_size=count, max_size=count))
        array = np.empty(count, object)
        array[:] = texts
        return STRING, array.reshape(shape)
    dtype = draw(st.sampled_from(dtypes))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return dtype.number, random_array(dtype, shape, generator)


@st.composite
def covers(draw: st.DrawFn, shape: tuple[int, ...]) -> list[list[Extent]]:
    """Gives slices that cover `shape` without overlap, in any order and spelling."""
    boxes = [[(0, size) for size in shape]]
    for _ in range(draw(st.integers(1, 5))):
        box = boxes.pop(draw(st.integers(0, len(boxes) - 1)))
        boxes += _cut(draw, box)
    if len(boxes) == 1:
        # TensorFlow takes a whole slice without extents for the tensor's own entry.
        return [list(boxes[0])]
    return [_spelled(draw, box, shape) for box in draw(st.permutations(boxes))]


def _cut(draw: st.DrawFn, box: list[tuple[int, int]]) -> list[list[tuple[int, int]]]:
    """Cuts a box in two along one dimension, or leaves it whole."""
    axes = [axis for axis, (_, length) in enumerate(box) if length > 1]
    if not axes:
        return [box]
    axis = draw(st.sampled_from(axes))
    start, length = box[axis]
    first = draw(st.integers(1, length - 1))
    parts = (start, first), (start + first, length - first)
    return [[*box[:axis], part, *box[axis + 1 :]] for part in parts]


def _spelled(
    draw: st.DrawFn, box: list[tuple[int, int]], shape: tuple[int, ...]
) -> list[Extent]:
    """Writes whole dimensions either way."""
    return [
        None if extent == (0, size) and draw(st.booleans()) else extent
        for extent, size in zip(box, shape, strict=True)
    ]


def regions(shape: tuple[int, ...]) -> st.SearchStrategy:
    """Gives every kind of basic index into an array of that shape."""
    return hnp.basic_indices(shape, allow_ellipsis=True, allow_newaxis=False)


def _may_be_sliced(array: np.ndarray) -> bool:
    return array.ndim > 0 and array.size > 0


@st.composite
def bundles(draw: st.DrawFn) -> tuple[BundleMaker, dict[str, np.ndarray]]:
    """Gives a V2 bundle of up to five tensors, and what it holds."""
    shards = draw(st.integers(1, 4))
    bundle = BundleMaker(shards)
    tensors: dict[str, np.ndarray] = {}
    for name in draw(st.lists(names(), min_size=1, max_size=5, unique=True)):
        number, array = draw(values())
        shard = draw(st.integers(0, shards - 1))
        bundle.pad(draw(st.integers(0, 9)), shard=shard)
        if _may_be_sliced(array) and draw(st.booleans()):
            slices = draw(covers(array.shape))
            where = draw(
                st.lists(
                    st.integers(0, shards - 1),
                    min_size=len(slices),
                    max_size=len(slices),
                )
            )
            bundle.add_sliced(name, array, slices, shards=where, dtype=number)
        else:
            bundle.add(name, array, shard=shard, dtype=number)
        tensors[name] = array
    return bundle, tensors


@st.composite
def v1_files(draw: st.DrawFn) -> tuple[V1Maker, dict[str, np.ndarray]]:
    """Gives a V1 checkpoint of up to five tensors, and what it holds."""
    checkpoint = V1Maker()
    tensors: dict[str, np.ndarray] = {}
    for name in draw(st.lists(texts(), min_size=1, max_size=5, unique=True)):
        number, array = draw(values(V1_DTYPES))
        slices = None
        if _may_be_sliced(array) and draw(st.booleans()):
            slices = draw(covers(array.shape))
        packed = draw(st.booleans())
        checkpoint.add(name, array, dtype=number, slices=slices, packed=packed)
        tensors[name] = array
    return checkpoint, tensors


def written(maker: BundleMaker | V1Maker, folder: Path) -> Path:
    """Writes a checkpoint over the last one of its kind; gives what to open."""
    return maker.write(folder, type(maker).__name__)
