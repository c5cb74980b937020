"""Damage of every kind, done to the files of real checkpoints, and what it spoils.

What a tensor loses is told by its bytes alone: a tensor is lost if any byte of what is
stored of it is another, or is not there.
"""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterable
from pathlib import Path

import fastckpt
from fastckpt.reading.stored_pieces import list_pieces

__all__ = ["PAGE", "Victim", "copy_folder"]

PAGE = 4096


def copy_folder(source: Path, target: Path) -> Path:
    """Copies a folder of checkpoints; gives the copy."""
    shutil.copytree(source, target, copy_function=shutil.copyfile)
    return target


class Victim:
    """A sound V2 checkpoint, whose data files are damaged one way after the other."""

    def __init__(self, prefix: Path) -> None:
        self.prefix = prefix
        with fastckpt.open(prefix) as checkpoint:
            self.names = list(checkpoint)
            pieces = list_pieces(checkpoint)
        self.pieces = {Path(path): it.pieces for path, it in pieces.items()}
        self.files = sorted(self.pieces)
        self.content = {path: path.read_bytes() for path in self.files}

    def lost(self, damaged: dict[Path, bytes | None]) -> tuple[str, ...]:
        """Gives the tensors whose bytes are others in damaged files, or are gone."""
        lost = {
            name
            for path, after in damaged.items()
            for begin, end, name in self.pieces[path]
            if self.content[path][begin:end] != (after or b"")[begin:end]
            or (after is None and begin < end)
            or (after is not None and end > len(after))
        }
        return tuple(name for name in self.names if name in lost)

    def examine(self, damaged: dict[Path, bytes | None]) -> fastckpt.Examination:
        """Examines it with damaged files, and puts them right again."""
        try:
            for path, after in damaged.items():
                _put(path, after)
            return fastckpt.examine(self.prefix)
        finally:
            for path in damaged:
                _put(path, self.content[path])

    def cut(self, path: Path, size: int) -> dict[Path, bytes | None]:
        """A file that ends too soon."""
        return {path: self.content[path][:size]}

    def flip(self, path: Path, at: int, bits: int) -> dict[Path, bytes | None]:
        """Wrong bits in one byte."""
        content = bytearray(self.content[path])
        content[at] ^= bits
        return {path: bytes(content)}

    def scramble(
        self, path: Path, at: int, size: int, source: random.Random
    ) -> dict[Path, bytes | None]:
        """Other bytes in one place, and none of them a zero."""
        content = bytearray(self.content[path])
        end = min(len(content), at + size)
        content[at:end] = bytes(byte or 1 for byte in source.randbytes(end - at))
        return {path: bytes(content)}

    def zero(self, path: Path, pages: Iterable[int]) -> dict[Path, bytes | None]:
        """Pages that a crash lost."""
        content = bytearray(self.content[path])
        for page in pages:
            end = min(len(content), (page + 1) * PAGE)
            content[page * PAGE : end] = bytes(max(0, end - page * PAGE))
        return {path: bytes(content)}


def _put(path: Path, content: bytes | None) -> None:
    if content is None:
        os.unlink(path)
    else:
        path.write_bytes(content)
