"""Which files a checkpoint is made of, those that are missing included."""

from __future__ import annotations

from fastckpt import Checkpoint, TensorInfo, TensorPiece, UnsupportedError
from fastckpt.fileset import ShardName, data_files, split_shard

__all__ = ["find_pieces", "list_files"]


def list_files(checkpoint: Checkpoint) -> list[str]:
    """Gives the index and the data files of V2 in order, or the files of V1."""
    if checkpoint.format == "v1":
        return list(checkpoint.files)
    infos = [info for info in checkpoint.infos() if info.problem is None]
    shards = {info.shard for info in infos if info.shard is not None}
    count = _count_shards(checkpoint)
    needed = {_name_data_file(checkpoint, shard, count) for shard in shards}
    there = [
        path
        for path in data_files(checkpoint.path)
        if (parts := split_shard(path)) and parts.num_shards == count
    ]
    return [*checkpoint.files, *sorted({*there, *needed})]


def find_pieces(checkpoint: Checkpoint, info: TensorInfo) -> list[TensorPiece]:
    """Gives where a tensor's stored bytes lie, as far as that can be told.

    Unlike ``layout`` it tells it of strings, too, where V2 has them in one piece. What
    V1 does not hold as plain bytes has no pieces.

    Raises:
        CorruptionError: The index is wrong about the tensor.
    """
    if info.shard is None or info.offset is None or info.nbytes is None:
        try:
            return list(checkpoint.layout(info.name).pieces)
        except UnsupportedError:
            return []
    file = _name_data_file(checkpoint, info.shard, _count_shards(checkpoint))
    begin = (0,) * len(info.shape)
    return [TensorPiece(file, info.offset, info.nbytes, begin, info.shape)]


def _name_data_file(checkpoint: Checkpoint, shard: int, count: int) -> str:
    return ShardName(f"{checkpoint.path}.data", shard, count).name


def _count_shards(checkpoint: Checkpoint) -> int:
    """Finds how many data files there are to be, as their names tell it."""
    for info in checkpoint.infos():
        if info.dtype is not None and info.dtype != "O" and info.problem is None:
            for piece in checkpoint.layout(info.name).pieces:
                if parts := split_shard(piece.file):
                    return parts.num_shards
    there = [split_shard(path) for path in data_files(checkpoint.path)]
    return max((parts.num_shards for parts in there if parts), default=1)
