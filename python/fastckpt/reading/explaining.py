"""Where the bytes of an open checkpoint lie, how they are read, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastckpt import _native
from fastckpt.base.deferred import importing
from fastckpt.reading.results import Explanation, OpenFile, TensorLayout, TensorPiece

if TYPE_CHECKING:
    from fastckpt.reading.checkpoint import Checkpoint

__all__ = ["explain_checkpoint", "layout_of"]


def explain_checkpoint(checkpoint: Checkpoint) -> Explanation:
    """Gives it as a value, which ``str()`` puts into words."""
    traffic = None
    if checkpoint._remote is not None:
        with importing:
            from fastckpt.reading.remote import traffic_of

        traffic = traffic_of(checkpoint._remote)
    return Explanation(
        path=checkpoint.path,
        format=checkpoint.format,
        io=checkpoint.io,
        reason=checkpoint._io_reason,
        filesystem=checkpoint._filesystem,
        verify=checkpoint._options.verify,
        threads=checkpoint._threads,
        crc32c=_native.crc32c_implementation(),
        tensors=len(checkpoint),
        views=sum(info.is_view for info in checkpoint.infos()),
        files=tuple(OpenFile(*file) for file in checkpoint._reader.open_files()),
        remote=traffic,
    )


def layout_of(checkpoint: Checkpoint, name: str) -> TensorLayout:
    """Gives a tensor's layout; raises as ``Checkpoint.layout``."""
    reader, slot = checkpoint._reader, checkpoint._slot(name)
    pieces = tuple(TensorPiece(*place) for place in reader.places(slot))
    info = reader.info(slot)
    assert info.dtype is not None
    dtype = info.dtype
    if reader.is_swapped(slot):
        dtype = dtype.newbyteorder(">")
    return TensorLayout(dtype, info.shape, pieces)
