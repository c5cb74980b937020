"""Writes V1 checkpoints by hand: tables whose records hold typed values.

Source: section 6 of the format; saved_tensor_slice.proto and tensor.proto in
tensorflow/core.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from bundle_maker import as_array, dtype_number, region_of
from table_maker import make_table, varint
from wire_maker import (
    FIXED32,
    FIXED64,
    Extent,
    field,
    shape,
    slice_key,
    slice_spec,
    tag,
    version,
)

# Which field of TensorProto carries a type, by TensorFlow's number of the type.
FIELD_OF = {
    **dict.fromkeys([1], 5),
    **dict.fromkeys([2], 6),
    **dict.fromkeys([3, 4, 5, 6, 11, 12, 13, 17], 7),
    7: 8,
    8: 9,
    9: 10,
    10: 11,
    18: 12,
    19: 13,
    22: 16,
    23: 17,
}
_FLOATS = {5: "<f4", 6: "<f8", 9: "<f4", 12: "<f8"}


def _float_values(number: int, array: np.ndarray, packed: bool) -> bytes:
    width = int(_FLOATS[number][-1])
    data = array.tobytes()
    if packed:
        return field(number, data) if data else b""
    wire_type = FIXED32 if width == 4 else FIXED64
    parts = (data[at : at + width] for at in range(0, len(data), width))
    return b"".join(tag(number, wire_type) + part for part in parts)


def values(array: np.ndarray, dtype: int, *, packed: bool = True) -> bytes:
    """Gives a TensorProto with nothing but the typed values of `array`."""
    number = FIELD_OF[dtype]
    if number == 8:
        return b"".join(field(8, text) for text in array.flat)
    if number in _FLOATS:
        return _float_values(number, array, packed)
    if number == 13:
        array = array.view(np.uint16)
    numbers = [int(element) for element in array.flat]
    if not packed:
        return b"".join(field(number, element) for element in numbers)
    run = b"".join(varint(element) for element in numbers)
    return field(number, run) if run else b""


def saved_slice(name: bytes, extents: list[Extent], tensor: bytes) -> bytes:
    """Gives the record of one slice; `tensor` is a TensorProto."""
    inner = field(1, name) + field(2, slice_spec(extents)) + field(3, tensor)
    return field(2, inner)


def tensor_meta(name: bytes, dims: bytes, dtype: int, slices: list[bytes]) -> bytes:
    """Gives a SavedSliceMeta."""
    parts = (field(4, spec) for spec in slices)
    return field(1, name) + field(2, dims) + field(3, dtype) + b"".join(parts)


class V1Maker:
    """A V1 checkpoint in the making.

    Attributes:
        meta: Per tensor the arguments of `tensor_meta` after the name.
        versions: The version message.
        records: Per key the stored value; tests change them at will.
    """

    def __init__(self) -> None:
        self.meta: dict[bytes, dict[str, Any]] = {}
        self.versions = version()
        self.records: dict[bytes, bytes] = {}

    def add(
        self,
        name: str,
        value: Any,
        *,
        dtype: int | None = None,
        slices: list[list[Extent]] | None = None,
        packed: bool = True,
        tensor: bytes | None = None,
        **meta: Any,
    ) -> None:
        """Adds a tensor, as one slice or several.

        Args:
            name: The tensor's name.
            value: The whole tensor.
            dtype: TensorFlow's number; taken from `value` when None.
            slices: The parts to store; None stores one slice of the whole.
            packed: Whether the values are packed.
            tensor: A TensorProto to store in place of the right one.
            meta: What to say in the meta record in place of the truth.
        """
        array, key = as_array(value), name.encode("utf-8", "surrogateescape")
        number = dtype_number(array) if dtype is None else dtype
        slices = [[None] * array.ndim] if slices is None else slices
        for extents in slices:
            part = as_array(array[region_of(extents)])
            stored = values(part, number, packed=packed) if tensor is None else tensor
            self.records[slice_key(key, extents)] = saved_slice(key, extents, stored)
        specs = [slice_spec(extents) for extents in slices]
        self.meta[key] = {
            "dims": shape(array.shape),
            "dtype": number,
            "slices": specs,
        } | meta

    def meta_record(self) -> bytes:
        """Gives the record under the empty key."""
        rows = (tensor_meta(name, **row) for name, row in self.meta.items())
        rows = b"".join(field(1, row) for row in rows)
        return field(1, rows + field(2, self.versions))

    def file(self, **table: Any) -> bytes:
        """Gives the whole file; `table` goes to `make_table`."""
        records = {b"": self.meta_record()} | self.records
        return make_table(sorted(records.items()), **table)

    def write(self, folder: Path, name: str = "model", **table: Any) -> Path:
        """Writes the file into `folder`; gives its path."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(self.file(**table))
        return folder / name
