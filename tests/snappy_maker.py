"""Writes Snappy's raw block format, element by element.

Source: google/snappy, format_description.txt.
"""

from __future__ import annotations

from table_maker import varint


def literal(data: bytes, *, length_bytes: int = 0, length: int | None = None) -> bytes:
    """Gives a literal; `length_bytes` 1 to 4 spells the length out behind the tag."""
    stored = (len(data) if length is None else length) - 1
    if length_bytes == 0 and stored < 60:
        return bytes([stored << 2]) + data
    size = length_bytes or (stored.bit_length() + 7) // 8
    return bytes([(59 + size) << 2]) + stored.to_bytes(size, "little") + data


def copy1(length: int, offset: int) -> bytes:
    """Gives a copy of 4 to 11 bytes from less than 2048 bytes back."""
    return bytes([offset >> 8 << 5 | (length - 4) << 2 | 1, offset & 0xFF])


def copy2(length: int, offset: int) -> bytes:
    """Gives a copy of 1 to 64 bytes with a two-byte offset."""
    return bytes([(length - 1) << 2 | 2]) + offset.to_bytes(2, "little")


def copy4(length: int, offset: int) -> bytes:
    """Gives a copy of 1 to 64 bytes with a four-byte offset."""
    return bytes([(length - 1) << 2 | 3]) + offset.to_bytes(4, "little")


def literals_only(data: bytes, piece: int = 2**31) -> bytes:
    """Compresses `data` into literals of at most `piece` bytes."""
    pieces = (data[at : at + piece] for at in range(0, len(data), piece))
    return varint(len(data)) + b"".join(map(literal, pieces))


def _copy(length: int, offset: int, turn: int) -> bytes:
    if turn % 3 == 0 and 4 <= length <= 11 and offset < 2048:
        return copy1(length, offset)
    if turn % 3 == 1 or offset >= 65536:
        return copy4(length, offset)
    return copy2(length, offset)


def _longest_match(data: bytes, at: int) -> tuple[int, int]:
    """Gives (length, offset) of the longest earlier match; it may overlap `at`."""
    best = (0, 0)
    start = data.find(data[at : at + 4], 0, at + 3)
    while 0 <= start < at:
        length = 0
        while length < 64 and at + length < len(data):
            if data[start + length] != data[at + length]:
                break
            length += 1
        best = max(best, (length, at - start))
        start = data.find(data[at : at + 4], start + 1, at + 3)
    return best


def with_copies(data: bytes) -> bytes:
    """Compresses `data` with copies of all three forms, overlapping ones included."""
    out, pending, at, turn = bytearray(varint(len(data))), bytearray(), 0, 0
    while at < len(data):
        length, offset = _longest_match(data, at)
        if length < 4:
            pending.append(data[at])
            at += 1
            continue
        if pending:
            out += literal(bytes(pending))
            pending.clear()
        out += _copy(length, offset, turn)
        at += length
        turn += 1
    return bytes(out) + (literal(bytes(pending)) if pending else b"")
