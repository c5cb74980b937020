"""Random checkpoints to be written twice, by TensorFlow and by fastckpt.

A case follows from its seed, so both processes make the same one.
"""

from __future__ import annotations

from typing import NamedTuple

import ml_dtypes
import numpy as np

from dtype_table import FIXED, random_array
from v1_maker import FIELD_OF

# What TensorFlow writes into V1 files, of the fixed-size types.
_UNWRITTEN_IN_V1 = {"qint16", "quint16", "uint32", "uint64"}
V1_FIXED = [
    dtype
    for dtype in FIXED
    if dtype.number in FIELD_OF and dtype.name not in _UNWRITTEN_IN_V1
]
_SIGNS = "abcxyz/_-.\x00\x01\n \"'\\[*?é水\udcff\udc80"


class Row(NamedTuple):
    """One tensor, or one slice of one, to be added.

    Attributes:
        name: The tensor's name.
        value: The values; of strings an object array.
        dtype: TensorFlow's name of the type.
        full_shape: None for what is no slice.
        begin: Where the slice begins; None in a dimension that is spelled as whole.
    """

    name: str
    value: np.ndarray
    dtype: str
    full_shape: tuple[int, ...] | None = None
    begin: tuple[int | None, ...] | None = None

    @property
    def spelling(self) -> str:
        """TensorFlow's `shape_and_slice`."""
        if self.full_shape is None or self.begin is None:
            return ""
        extents = [
            "-" if start is None else f"{start},{length}"
            for start, length in zip(self.begin, self.value.shape, strict=True)
        ]
        return " ".join([*map(str, self.full_shape), ":".join(extents)])

    @property
    def raw_name(self) -> bytes:
        return self.name.encode("utf-8", "surrogateescape")


def make_rows(seed: int, *, v1: bool = False) -> list[Row]:
    """Gives the tensors and slices of a case, in the order of writing."""
    generator = np.random.default_rng(seed)
    dtypes = V1_FIXED if v1 else FIXED
    count = int(generator.choice([1, 3, 10, 30, 200]))
    rows: list[Row] = []
    for name in _names(generator, count):
        rows += _tensor(generator, name, dtypes)
    order = generator.permutation(len(rows))
    return [rows[i] for i in order]


def _names(generator: np.random.Generator, count: int) -> list[str]:
    names: dict[str, None] = {}
    while len(names) < count:
        if generator.integers(4) == 0:
            length = int(generator.choice([1, 2, 5, 300]))
            signs = generator.integers(len(_SIGNS), size=length)
            names["".join(_SIGNS[sign] for sign in signs)] = None
        else:
            names[f"layer{generator.integers(20)}/w{generator.integers(count)}"] = None
    return list(names)


def _tensor(generator: np.random.Generator, name: str, dtypes: list) -> list[Row]:
    rank = int(generator.integers(0, 5))
    shape = tuple(int(size) for size in generator.integers(0, 6, rank))
    if generator.integers(30) == 0:
        shape = (int(generator.integers(1, 100_000)),)
    if generator.integers(8) == 0:
        value, dtype = _strings(generator, shape), "string"
    else:
        chosen = dtypes[generator.integers(len(dtypes))]
        value, dtype = random_array(chosen, shape, generator), chosen.name
    shape = value.shape
    if shape and 0 not in shape and generator.integers(3) == 0:
        return [
            Row(name, value[box], dtype, shape, _begin(generator, box, shape))
            for box in _boxes(generator, shape)
        ]
    return [Row(name, value, dtype)]


def _strings(generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Gives few strings, for a large shape fewer than it asks for."""
    value = np.empty(shape, object)
    if value.size > 200:
        value = np.empty((200,), object)
    flat = value.reshape(-1)
    for i in range(value.size):
        flat[i] = generator.bytes(int(generator.choice([0, 1, 20, 127, 128, 20_000])))
    return value


def _boxes(
    generator: np.random.Generator, shape: tuple[int, ...]
) -> list[tuple[slice, ...]]:
    """Cuts a shape into disjoint boxes; they need not cover it."""
    boxes = [tuple(slice(0, size) for size in shape)]
    for _ in range(int(generator.integers(0, 6))):
        box = boxes.pop(int(generator.integers(len(boxes))))
        axis = int(generator.integers(len(shape)))
        low, high = box[axis].start, box[axis].stop
        if high - low < 2:
            boxes.append(box)
            continue
        cut = int(generator.integers(low + 1, high))
        for part in (slice(low, cut), slice(cut, high)):
            boxes.append((*box[:axis], part, *box[axis + 1 :]))
    keep = len(boxes) if generator.integers(2) else max(1, len(boxes) - 1)
    return boxes[:keep]


def _begin(
    generator: np.random.Generator,
    box: tuple[slice, ...],
    shape: tuple[int, ...],
) -> tuple[int | None, ...]:
    return tuple(
        None
        if part.start == 0 and part.stop == size and generator.integers(2)
        else part.start
        for part, size in zip(box, shape, strict=True)
    )


def disguised(value: np.ndarray, seed: int) -> np.ndarray:
    """Gives an array of equal values in other memory: strides, order of bytes."""
    kind = seed % 5
    if kind == 0:
        return np.asarray(value, order="F")
    if kind == 1 and value.dtype.kind in "iufc" and value.dtype.isbuiltin == 1:
        return value.astype(value.dtype.newbyteorder(">"))
    if kind == 2 and value.ndim:
        wide = np.repeat(value, 2, axis=-1)
        return wide[..., ::2]
    if kind == 3 and value.ndim:
        return np.ascontiguousarray(value[::-1])[::-1]
    return value


def parts_of(seed: int) -> list[list[list[Row]]]:
    """Gives a case as bundles of one, two and three shards to be merged."""
    bundles = enumerate(deal_out(make_rows(seed), 3), start=1)
    parts = [[part for part in deal_out(rows, n) if part] for n, rows in bundles]
    return [part for part in parts if part]


def deal_out(rows: list[Row], shards: int) -> list[list[Row]]:
    """Gives each row to the shard that is smallest so far."""
    parts: list[list[Row]] = [[] for _ in range(shards)]
    sizes = [0] * shards
    for row in rows:
        smallest = sizes.index(min(sizes))
        parts[smallest].append(row)
        sizes[smallest] += stored_size(row.value)
    return parts


def stored_size(value: np.ndarray) -> int:
    """Gives how many bytes of a data file an array takes."""
    if value.dtype != object:
        return value.nbytes
    sizes = [len(text) for text in value.flat]
    varints = sum(max(1, (size.bit_length() + 6) // 7) for size in sizes)
    return varints + 4 + sum(sizes)


assert np.dtype(ml_dtypes.bfloat16).itemsize == 2  # registers the types with NumPy
