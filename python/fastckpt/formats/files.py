"""Which file the tensors of another format lie in, as of a checkpoint."""

from __future__ import annotations

from fastckpt.formats.lazy_tensors import LazyTensors
from fastckpt.formats.opened import Source
from fastckpt.reading.stored_files import CheckpointFiles

__all__ = ["FileOfOther", "files_of"]


class FileOfOther:
    """The file of another format, of which no places are told.

    Attributes:
        paths: The file.
    """

    def __init__(self, tensors: LazyTensors) -> None:
        self.paths = [tensors.path]


def files_of(source: Source) -> CheckpointFiles | FileOfOther:
    """Gives the files that tensors come from."""
    if isinstance(source, LazyTensors):
        return FileOfOther(source)
    return CheckpointFiles(source)
