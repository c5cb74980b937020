"""A checkpoint's values as it stores them: in file order, slice by slice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from fastckpt.base.open_files import may_open
from fastckpt.errors import CheckpointError
from fastckpt.files.shard_names import split_shard
from fastckpt.formats.lazy_tensors import ArrayInfo, LazyTensors
from fastckpt.reading.checkpoint import Checkpoint
from fastckpt.reading.results import TensorInfo
from fastckpt.reading.steady import read_steadily

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastckpt.writing.writer import Writer

__all__ = ["Part", "count_shards", "in_file_order", "parts_of"]


class Part(NamedTuple):
    """A slice of a partitioned tensor, or a whole one that is not partitioned.

    Attributes:
        name: The tensor.
        shape: The shape of the whole tensor.
        begin: Where the slice begins, per dimension; None for a whole tensor.
        region: What it takes of the tensor.
    """

    name: str
    shape: tuple[int, ...]
    begin: tuple[int, ...] | None
    region: tuple[slice, ...]

    def read(self, checkpoint: Checkpoint | LazyTensors) -> NDArray[Any]:
        """Gives its values, from this checkpoint or another of such tensors.

        Never a view of a file, which may be cut while it is copied.
        """
        if not isinstance(checkpoint, Checkpoint):
            return checkpoint[self.name]
        region = None if self.begin is None else self.region
        return read_steadily(checkpoint, self.name, region)

    def write(
        self, writer: Writer, name: str, values: NDArray[Any], tf_dtype: str | None
    ) -> None:
        """Adds values in its place to a checkpoint that is being written."""
        if self.begin is None:
            writer.add(name, values, tf_dtype)
        else:
            writer.add_slice(name, values, self.shape, self.begin, tf_dtype)


def parts_of(info: TensorInfo | ArrayInfo) -> Iterator[Part]:
    """Gives the parts in which a tensor is stored."""
    slices = info.slices
    if not slices:
        yield Part(info.name, info.shape, None, ())
    for begin, extent in slices:
        ends = zip(begin, extent, strict=True)
        region = tuple(slice(first, first + count) for first, count in ends)
        yield Part(info.name, info.shape, begin, region)


def count_shards(
    source: Checkpoint | LazyTensors,
    format: str,
    infos: Iterable[TensorInfo | ArrayInfo],
) -> int:
    """Gives how many data files a copy gets where nobody says it.

    As many as the source has, for nobody asked to merge them, but no more than there
    are tensors and slices to put into them; one where so many cannot be open at once.

    Args:
        source: What is copied.
        format: That of the copy; only "v2" has several.
        infos: What of it is written.
    """
    if format != "v2" or not isinstance(source, Checkpoint):
        return 1
    parts = sum(max(1, len(info.slices)) for info in infos)
    count = max(1, min(source._reader.shard_count(), parts))
    return count if may_open(count) else 1


def in_file_order(checkpoint: Checkpoint) -> list[TensorInfo]:
    """Gives all tensors as they lie in V2; V1 has no order but that of names."""
    infos = checkpoint.infos()
    if checkpoint.format == "v1":
        return infos
    return sorted(infos, key=lambda info: _place(checkpoint, info))


def _place(checkpoint: Checkpoint, info: TensorInfo) -> tuple[int, int, int]:
    """Gives shard, offset and size: of two that begin together the empty one is first.

    Partitioned strings, whose place nothing tells, come before all.
    """
    shard, offset = info.shard, info.offset
    if shard is not None and offset is not None:
        return shard, offset, info.nbytes or 0
    try:
        first = min(checkpoint.layout(info.name).pieces)
    except CheckpointError:
        return -1, 0, 0
    parts = split_shard(first.file)
    return parts.shard if parts else 0, first.offset, first.nbytes
