"""Where the tensors of a checkpoint lie in its files, by file."""

from __future__ import annotations

import os
from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

from fastckpt.errors import CheckpointError
from fastckpt.reading.results import TensorInfo, TensorPiece
from fastckpt.reading.stored_files import CheckpointFiles

if TYPE_CHECKING:
    from fastckpt.reading.checkpoint import Checkpoint

__all__ = ["FilePieces", "StoredPiece", "is_free", "list_pieces", "size_of"]


class StoredPiece(NamedTuple):
    """Bytes [begin, end) of a file, of a tensor."""

    begin: int
    end: int
    name: str


class FilePieces:
    """What an index says of one file.

    Attributes:
        path: The file, as its checkpoint was named.
        pieces: What is stored in it, in no order; empty pieces, too.
        ends: Where the last byte of each tensor in it is to end.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.pieces: list[StoredPiece] = []
        self.ends: dict[str, int] = {}

    def add(self, begin: int, size: int, name: str) -> None:
        """Adds a piece."""
        self.pieces.append(StoredPiece(begin, begin + size, name))
        self.ends[name] = max(begin + size, self.ends.get(name, 0))

    @property
    def end(self) -> int:
        """How long the file must be at least."""
        return max(self.ends.values(), default=0)

    def sound(self, bad: set[tuple[int, str]], size: int) -> list[StoredPiece]:
        """Gives the pieces with bytes in a file of a size, but for bad ones, in order.

        Args:
            bad: Where these begin, and whose they are.
            size: How long the file is.
        """
        return sorted(
            it
            for it in self.pieces
            if it.begin < it.end <= size and (it.begin, it.name) not in bad
        )


def is_free(sound: list[StoredPiece], begin: int, end: int) -> bool:
    """Tells whether none of some ordered pieces begins in [begin, end)."""
    at = bisect_left(sound, StoredPiece(begin, begin, ""))
    return at == len(sound) or sound[at].begin >= end


def list_pieces(checkpoint: Checkpoint) -> dict[str, FilePieces]:
    """Gives what is stored in each file, by its absolute path."""
    files = CheckpointFiles(checkpoint)
    by_name: dict[str, FilePieces] = {}
    by_shard: dict[int, FilePieces] = {}

    def find(path: str) -> FilePieces:
        return by_name.setdefault(path, FilePieces(path))

    for info in checkpoint.infos():
        shard, offset, size = info.shard, info.offset, info.nbytes
        if shard is not None and offset is not None and size is not None:
            if info.problem is not None:
                continue
            own = by_shard.get(shard)
            if own is None:
                own = by_shard[shard] = find(files.name_shard(shard))
            own.add(offset, size, info.name)
            continue
        for piece in _find_pieces(files, info):
            find(piece.file).add(piece.offset, piece.nbytes, info.name)
    return {os.path.abspath(name): own for name, own in by_name.items()}


def _find_pieces(files: CheckpointFiles, info: TensorInfo) -> list[TensorPiece]:
    """Gives a tensor's pieces; none where what is wrong with it hides them."""
    if info.problem is not None:
        return []
    try:
        return files.find_pieces(info)
    except (CheckpointError, OSError):
        return []


def size_of(path: str) -> int:
    """Gives how long a file is, 0 where that cannot be told."""
    try:
        return os.stat(path).st_size
    except OSError:
        return 0
