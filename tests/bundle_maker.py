"""Writes V2 bundles by hand: an index and its data files, one rule broken at a time.

A test makes a right bundle, changes one thing (a field of an entry, a record of the
index, bytes of a shard) and asks for the files: every checksum above the change is
computed from what is really stored.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from dtype_table import NUMBER_OF, STRING
from table_maker import crc32c, make_table, mask, varint
from wire_maker import Extent, bundle_entry, bundle_header, shape, slice_key, slice_spec


def as_array(value: Any) -> np.ndarray:
    """Gives `value` as an array; bytes and lists of bytes become object arrays."""
    if isinstance(value, bytes):
        return np.array(value, dtype=object)
    if isinstance(value, list) and value and isinstance(value[0], bytes):
        return np.array(value, dtype=object)
    return np.asarray(value)


def dtype_number(array: np.ndarray) -> int:
    """Gives TensorFlow's number for what `array` holds."""
    return STRING if array.dtype == object else NUMBER_OF[array.dtype]


def encode_strings(strings: list[bytes], *, order: str = "little") -> tuple[bytes, int]:
    """Gives the stored form of a string tensor and its CRC32C, not masked."""
    crc = 0
    for text in strings:
        width = 4 if len(text) < 2**32 else 8
        crc = crc32c(len(text).to_bytes(width, order), crc)
    check = mask(crc).to_bytes(4, order)
    crc = crc32c(check + b"".join(strings), crc)
    lengths = b"".join(varint(len(text)) for text in strings)
    return lengths + check + b"".join(strings), crc


def swapped(array: np.ndarray) -> bytes:
    """Gives the bytes of `array` in big-endian order; complex halves swap alone."""
    width = array.dtype.itemsize // (2 if array.dtype.kind == "c" else 1)
    return (
        np.frombuffer(array.tobytes(), f"V{width}")
        .view(f"<u{width}")
        .byteswap()
        .tobytes()
    )


def encode(array: np.ndarray, *, big_endian: bool = False) -> tuple[bytes, int]:
    """Gives the stored form of `array` and its CRC32C, not masked."""
    if array.dtype == object:
        order = "big" if big_endian else "little"
        return encode_strings(list(array.flat), order=order)
    stored = swapped(array) if big_endian else array.tobytes()
    return stored, crc32c(stored)


def region_of(extents: list[Extent]) -> tuple[slice, ...]:
    """Gives the NumPy index of a slice."""
    return tuple(
        slice(None) if extent is None else slice(extent[0], sum(extent))
        for extent in extents
    )


class BundleMaker:
    """A V2 bundle in the making.

    Attributes:
        header: The header message.
        shards: The bytes of each data file.
        entries: Per key the arguments of `bundle_entry`.
        records: Per key the stored value; wins over `entries`.
    """

    def __init__(self, num_shards: int = 1, *, big_endian: bool = False) -> None:
        self.big_endian = big_endian
        self.header = bundle_header(num_shards, endianness=int(big_endian))
        self.shards = [bytearray() for _ in range(num_shards)]
        self.entries: dict[bytes, dict[str, Any]] = {}
        self.records: dict[bytes, bytes] = {}

    def add(
        self, name: str | bytes, value: Any, *, shard: int = 0, **fields: Any
    ) -> None:
        """Appends a tensor to a shard; `fields` replace those of its entry."""
        array = as_array(value)
        stored, crc = encode(array, big_endian=self.big_endian)
        entry = {
            "dtype": dtype_number(array),
            "shape": shape(array.shape),
            "shard_id": shard,
            "offset": len(self.shards[shard]),
            "size": len(stored),
            "crc32c": mask(crc),
        }
        self.shards[shard] += stored
        self.entries[_key(name)] = entry | fields

    def add_stored(self, name: str, stored: bytes, *, dtype: int, dims: tuple) -> None:
        """Appends a tensor of whatever bytes, with their checksum."""
        start = len(self.shards[0])
        self.add(name, np.frombuffer(stored, np.uint8), dtype=dtype, shape=shape(dims))
        self.entries[_key(name)] |= {"offset": start, "size": len(stored)}

    def add_sliced(
        self,
        name: str | bytes,
        value: Any,
        slices: list[list[Extent]],
        *,
        shards: list[int] | None = None,
        **fields: Any,
    ) -> None:
        """Appends a partitioned tensor: an entry of the whole and one per slice."""
        array = as_array(value)
        for number, extents in enumerate(slices):
            part = as_array(array[region_of(extents)])
            shard = shards[number] if shards else 0
            self.add(slice_key(_key(name), extents), part, shard=shard, **fields)
        self.entries[_key(name)] = {
            "dtype": dtype_number(array),
            "shape": shape(array.shape),
            "slices": [slice_spec(extents) for extents in slices],
        } | fields

    def pad(self, size: int, *, shard: int = 0) -> None:
        """Appends bytes that belong to no tensor."""
        self.shards[shard] += b"\xaa" * size

    def table_records(self) -> list[tuple[bytes, bytes]]:
        """Gives the records of the index, in key order."""
        values = {key: bundle_entry(**fields) for key, fields in self.entries.items()}
        return sorted(({b"": self.header} | values | self.records).items())

    def files(self, prefix: str = "model", **table: Any) -> dict[str, bytes]:
        """Gives every file by its name; `table` goes to `make_table`."""
        files = {f"{prefix}.index": make_table(self.table_records(), **table)}
        for number, data in enumerate(self.shards):
            files[shard_name(prefix, number, len(self.shards))] = bytes(data)
        return files

    def write(self, folder: Path, prefix: str = "model", **table: Any) -> Path:
        """Writes the files into `folder`; gives the prefix to open."""
        write_files(folder, self.files(prefix, **table))
        return folder / prefix


def _key(name: str | bytes) -> bytes:
    return name.encode("utf-8", "surrogateescape") if isinstance(name, str) else name


def shard_name(prefix: str, number: int, count: int) -> str:
    """Gives the name of a data file."""
    return f"{prefix}.data-{number:05d}-of-{count:05d}"


def write_files(folder: Path, files: dict[str, bytes]) -> None:
    """Writes `files` into `folder`, which is made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
