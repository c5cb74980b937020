"""The header of a safetensors file, and its bytes; both are read, never mapped.

The library maps a file, so that one that is cut meanwhile ends the process.

Source: safetensors/src/tensor.rs (``Metadata::validate``).
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Mapping
from math import prod
from typing import Any, NamedTuple

from fastckpt.errors import CorruptionError
from fastckpt.formats.content import Content

__all__ = ["LARGEST_HEADER", "RESERVED", "Entry", "read_exactly", "read_header"]

LARGEST_HEADER = 100_000_000
RESERVED = "__metadata__"

_LENGTH = struct.Struct("<Q")
_BITS = {
    **dict.fromkeys(("F4",), 4),
    **dict.fromkeys(("F6_E2M3", "F6_E3M2"), 6),
    **dict.fromkeys(("BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0"), 8),
    **dict.fromkeys(("F8_E4M3FNUZ", "F8_E5M2FNUZ"), 8),
    **dict.fromkeys(("I16", "U16", "F16", "BF16"), 16),
    **dict.fromkeys(("I32", "U32", "F32"), 32),
    **dict.fromkeys(("C64", "F64", "I64", "U64"), 64),
}
"""The bits of an element of each type that its library knows."""


class Entry(NamedTuple):
    """What the header says about a tensor.

    Attributes:
        kind: Safetensors' name of the type.
        shape: Its shape.
        begin: Where its bytes begin in the file.
        nbytes: How many they are.
    """

    kind: str
    shape: tuple[int, ...]
    begin: int
    nbytes: int


def read_header(
    content: Content,
) -> tuple[dict[str, Entry], dict[str, str] | None]:
    """Reads what a file has, and checks that its bytes are all there.

    Returns:
        The tensors, and the texts beside them.

    Raises:
        CorruptionError: The file is no safetensors file, or is cut.
        OSError: It cannot be read.
    """
    path, size = content.path, content.size
    if size < _LENGTH.size:
        raise _bad(path, f"{size} bytes, too few for a header", 0)
    (length,) = _LENGTH.unpack(_read(content, 0, _LENGTH.size))
    first = _LENGTH.size + length
    if length > LARGEST_HEADER or first > size:
        what = f"a header of {length:,} bytes in a file of {size:,}"
        raise _bad(path, what, 0)
    found = dict(_load(_read(content, _LENGTH.size, length), path))
    texts = found.pop(RESERVED, None)
    if not _are_texts(texts):
        raise _bad(path, f"{RESERVED} maps others than texts to texts", _LENGTH.size)
    entries = {name: _parse(path, name, it, first) for name, it in found.items()}
    _check_places(path, entries, first, size)
    return entries, texts


def read_exactly(
    content: Content, offset: int, into: memoryview, name: str | None = None
) -> None:
    """Reads as many bytes as a buffer has.

    Raises:
        CorruptionError: The file has fewer: it was cut since it was opened.
        OSError: They cannot be read.
    """
    end = offset + content.read_into(offset, into)
    if end < offset + len(into):
        what = f"ends at byte {end:,}, in the middle of "
        what += "its header" if name is None else f"tensor {name!r}"
        raise _bad(content.path, f"{what}; copy it again", end, name)


def _read(content: Content, offset: int, size: int) -> bytes:
    buffer = bytearray(size)
    read_exactly(content, offset, memoryview(buffer))
    return bytes(buffer)


def _load(content: bytes, path: str) -> Mapping[str, Any]:
    try:
        found = json.loads(content.decode())
    except (ValueError, RecursionError) as error:
        raise _bad(path, f"its header is no JSON: {error}", _LENGTH.size) from error
    if not isinstance(found, dict):
        raise _bad(path, "its header is no JSON object", _LENGTH.size)
    return found


def _parse(path: str, name: str, value: Any, first: int) -> Entry:
    fields: dict[str, Any] = value if isinstance(value, dict) else {}
    kind: Any = fields.get("dtype")
    shape: Any = fields.get("shape")
    place: Any = fields.get("data_offsets")
    are_right = isinstance(kind, str) and _are_counts(shape) and _are_counts(place)
    if not are_right or len(place) != 2:
        raise _bad(path, "its header is wrong about it", _LENGTH.size, name)
    begin, end = place
    bits = prod(shape) * _BITS.get(kind, 0)
    if kind in _BITS and bits != 8 * (end - begin):
        what = f"{end - begin:,} bytes for {kind} of shape {tuple(shape)}"
        raise _bad(path, what, first + begin, name)
    if prod(size for size in shape if size) * 8 >= 1 << 63:
        raise _bad(path, f"no array has the shape {tuple(shape)}", _LENGTH.size, name)
    return Entry(kind, tuple(shape), first + begin, end - begin)


def _are_texts(value: Any) -> bool:
    is_dict = isinstance(value, dict)
    return value is None or (
        is_dict and all(isinstance(it, str) for it in value.values())
    )


def _are_counts(value: Any) -> bool:
    return isinstance(value, list) and all(type(it) is int and it >= 0 for it in value)


def _check_places(
    path: str, entries: Mapping[str, Entry], first: int, size: int
) -> None:
    """Checks that tensors lie end to end, up to the end of the file."""
    end = first
    for name, entry in _by_place(entries.items()):
        if entry.begin != end or entry.nbytes < 0:
            what = f"begins at byte {entry.begin:,}, expected {end:,}"
            raise _bad(path, what, entry.begin, name)
        end += entry.nbytes
    if end != size:
        raise _bad(path, f"has {size:,} bytes, expected {end:,}", min(end, size))


def _by_place(items: Iterable[tuple[str, Entry]]) -> list[tuple[str, Entry]]:
    return sorted(items, key=lambda item: (item[1].begin, item[1].nbytes))


def _bad(path: str, what: str, offset: int, name: str | None = None) -> CorruptionError:
    where = "" if name is None else f"tensor {name!r}: "
    return CorruptionError(
        f"{path}: no sound safetensors file: {where}{what}",
        path=path,
        offset=offset,
        tensor=name,
    )
