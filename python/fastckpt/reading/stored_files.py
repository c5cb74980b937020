"""Which files a checkpoint is made of, those that are missing included.

Their names begin as the user named the checkpoint, like ``Checkpoint.path``.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from fastckpt.errors import UnsupportedError
from fastckpt.files.find import data_files
from fastckpt.files.shard_names import ShardName, split_shard
from fastckpt.reading.results import TensorInfo, TensorPiece

if TYPE_CHECKING:
    from fastckpt.reading.checkpoint import Checkpoint

__all__ = ["CheckpointFiles"]


class CheckpointFiles:
    """The files of an open checkpoint.

    Attributes:
        paths: The index and the data files of V2 in order, or the files of V1.
        strangers: Data files under its name that belong to another number of shards.
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._checkpoint = checkpoint
        self.paths = [self._spell(path) for path in checkpoint.files]
        self.strangers: list[str] = []
        #: What follows the names of files that a killed save set aside.
        self._mark = self.paths[0][len(f"{checkpoint.path}.index") :]
        if checkpoint.format == "v2":
            self._count = checkpoint._reader.shard_count()
            self._find_data_files()

    def _find_data_files(self) -> None:
        infos = [it for it in self._checkpoint.infos() if it.problem is None]
        shards = {info.shard for info in infos if info.shard is not None}
        own = {self.name_shard(shard) for shard in shards}
        for path in data_files(self._checkpoint.path):
            parts = split_shard(path)
            if parts and parts.num_shards == self._count:
                own.add(self.name_shard(parts.shard))
            else:
                self.strangers.append(path)
        self.paths += sorted(own)

    def _spell(self, path: str) -> str:
        folder = os.path.dirname(self._checkpoint.path)
        return os.path.join(folder, os.path.basename(path))

    def name_shard(self, shard: int) -> str:
        """Gives the path of a data file, whether it is there or not."""
        parts = ShardName(f"{self._checkpoint.path}.data", shard, self._count)
        plain = self._spell(parts.name)
        aside = plain + self._mark
        return aside if self._mark and os.path.exists(aside) else plain

    def list_lost(self) -> list[str]:
        """Gives the data files of V2 that are missing, or end before their tensors."""
        ends: dict[str, int] = {}
        for info in self._checkpoint.infos():
            if info.problem is None:
                for piece in self.find_pieces(info):
                    end = piece.offset + piece.nbytes
                    ends[piece.file] = max(ends.get(piece.file, 0), end)
        return [path for path, end in ends.items() if _size_of(path) < end]

    def find_pieces(self, info: TensorInfo) -> list[TensorPiece]:
        """Gives where a tensor's stored bytes lie, as far as that can be told.

        Unlike ``layout`` it tells it of strings, too, where V2 has them in one piece.
        What V1 does not hold as plain bytes has no pieces.

        Raises:
            CorruptionError: The index is wrong about the tensor.
        """
        if info.shard is None or info.offset is None or info.nbytes is None:
            try:
                pieces = self._checkpoint.layout(info.name).pieces
            except UnsupportedError:
                return []
            return [piece._replace(file=self._spell(piece.file)) for piece in pieces]
        begin = (0,) * len(info.shape)
        file = self.name_shard(info.shard)
        return [TensorPiece(file, info.offset, info.nbytes, begin, info.shape)]


def _size_of(path: str) -> int:
    """Gives a file's size, less than any where it is not there."""
    try:
        return os.stat(path).st_size
    except OSError:
        return -1
