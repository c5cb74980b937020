"""Every flip and every cut of a file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

# The lowest bit, the highest bit (it ends or lengthens a varint), all bits.
MASKS = (0x01, 0x80, 0xFF)


def flips(data: bytes, masks: tuple[int, ...] = MASKS) -> Iterator[tuple[int, bytes]]:
    """Gives (offset, damaged file) for every byte and every mask."""
    for offset, byte in enumerate(data):
        for mask in masks:
            damaged = bytearray(data)
            damaged[offset] = byte ^ mask
            yield offset, bytes(damaged)


def cuts(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Gives (length, first bytes of the file) for every shorter length."""
    for length in range(len(data)):
        yield length, data[:length]


def change_byte(path: Path, offset: int) -> None:
    """Changes one byte of a file in place."""
    with path.open("r+b") as file:
        file.seek(offset)
        old = file.read(1)
        file.seek(offset)
        file.write(bytes([old[0] ^ 0xFF]))


def change_byte_unseen(path: Path, offset: int) -> None:
    """Changes one byte of a file in place, and leaves its time of change as it was."""
    before = path.stat()
    change_byte(path, offset)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def flip(path: Path, *offsets: int) -> None:
    """Flips the lowest bit of some bytes of a file."""
    content = bytearray(path.read_bytes())
    for offset in offsets:
        content[offset] ^= 1
    path.write_bytes(content)


def data_file(prefix: Path, shard: int) -> Path:
    """Gives the path of a data file of a checkpoint that has two."""
    return prefix.with_name(f"{prefix.name}.data-{shard:05d}-of-00002")
