"""Writes the small protocol buffer messages and slice keys of both formats.

Source: tensor_bundle.proto, tensor_shape.proto, tensor_slice.proto and
saved_tensor_slice.proto in tensorflow/core; ordered_code.cc for the slice keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from table_maker import u32, varint

VARINT, FIXED64, LENGTH, GROUP, END_GROUP, FIXED32 = range(6)
# One extent of a slice: (start, length), or None for the whole dimension.
Extent = tuple[int, int] | None


def tag(number: int, wire_type: int, *, size: int = 1) -> bytes:
    """Gives the tag of a field."""
    return varint(number << 3 | wire_type, size=size)


def field(number: int, value: int | bytes) -> bytes:
    """Gives a field: a varint for an int, length-delimited for bytes."""
    if isinstance(value, bytes):
        return tag(number, LENGTH) + varint(len(value)) + value
    return tag(number, VARINT) + varint(value)


def fixed32(number: int, value: int) -> bytes:
    """Gives a field of four fixed bytes."""
    return tag(number, FIXED32) + u32(value)


def unless_zero(number: int, value: int) -> bytes:
    """Gives an integer field, or nothing when it has its default value."""
    return field(number, value) if value else b""


def shape(dims: Iterable[int], *, unknown_rank: bool = False) -> bytes:
    """Gives a TensorShapeProto."""
    out = b"".join(field(2, unless_zero(1, size)) for size in dims)
    return out + (field(3, 1) if unknown_rank else b"")


def slice_spec(extents: Sequence[Extent]) -> bytes:
    """Gives a TensorSliceProto."""
    out = b""
    for extent in extents:
        if extent is None:
            out += field(1, b"")
        else:
            out += field(1, unless_zero(1, extent[0]) + field(2, extent[1]))
    return out


def version(producer: int = 1, min_consumer: int = 0, bad: Iterable[int] = ()) -> bytes:
    """Gives a VersionDef."""
    out = unless_zero(1, producer) + unless_zero(2, min_consumer)
    return out + b"".join(field(3, number) for number in bad)


def bundle_header(
    num_shards: int = 1, *, endianness: int = 0, versions: bytes | None = None
) -> bytes:
    """Gives a BundleHeaderProto."""
    versions = version() if versions is None else versions
    out = unless_zero(1, num_shards) + unless_zero(2, endianness)
    return out + field(3, versions)


def bundle_entry(
    *,
    dtype: int,
    shape: bytes | None,
    shard_id: int = 0,
    offset: int = 0,
    size: int = 0,
    crc32c: int | None = None,
    slices: Iterable[bytes] = (),
    more: bytes = b"",
) -> bytes:
    """Gives a BundleEntryProto; `shape` and `slices` are messages."""
    out = unless_zero(1, dtype) + (field(2, shape) if shape is not None else b"")
    out += unless_zero(3, shard_id) + unless_zero(4, offset) + unless_zero(5, size)
    out += fixed32(6, crc32c) if crc32c is not None else b""
    return out + b"".join(field(7, spec) for spec in slices) + more


def ordered_number(number: int) -> bytes:
    """Gives an unsigned number in OrderedCode."""
    size = (number.bit_length() + 7) // 8
    return bytes([size]) + number.to_bytes(size, "big")


def ordered_string(text: bytes) -> bytes:
    """Gives a string in OrderedCode."""
    escaped = {0x00: b"\x00\xff", 0xFF: b"\xff\x00"}
    return b"".join(escaped.get(byte, bytes([byte])) for byte in text) + b"\x00\x01"


def ordered_signed(number: int) -> bytes:
    """Gives a signed number in OrderedCode."""
    magnitude = ~number if number < 0 else number
    size = 1
    while magnitude >= 1 << (7 * size - 1):
        size += 1
    header = ((1 << size) - 1) << (8 * size - size)
    bits = (number & ((1 << 8 * size) - 1)) ^ header
    return bits.to_bytes(size, "big")


def slice_key(name: bytes, extents: Sequence[Extent]) -> bytes:
    """Gives the key under which one slice of a tensor is stored."""
    out = ordered_number(0) + ordered_string(name) + ordered_number(len(extents))
    for extent in extents:
        start, length = (0, -1) if extent is None else extent
        out += ordered_signed(start) + ordered_signed(length)
    return out


def object_node(
    children: Iterable[tuple[int, str]] = (),
    values: Iterable[tuple[str, str, str]] = (),
    slots: Iterable[tuple[int, str, int]] = (),
    extra: bytes = b"",
) -> bytes:
    """Gives an object of a TrackableObjectGraph, with the field that it is there."""
    out = b""
    for node, name in children:
        out += field(1, unless_zero(1, node) + field(2, name.encode()))
    for texts in values:
        parts = (field(i, text.encode()) for i, text in enumerate(texts, 1) if text)
        out += field(2, b"".join(parts))
    for variable, name, slot in slots:
        numbers = unless_zero(1, variable), unless_zero(3, slot)
        out += field(3, numbers[0] + field(2, name.encode()) + numbers[1])
    return field(1, out + extra)
