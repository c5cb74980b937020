"""Files of other formats, as sources and as targets."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import TYPE_CHECKING, Any

from fastckpt.base.callers import callers_level
from fastckpt.base.cast import Losses
from fastckpt.base.progress import ProgressArgument, counting
from fastckpt.editing.plan import Source, Step
from fastckpt.editing.rewrite import check_readable
from fastckpt.files.find import data_files
from fastckpt.formats import kerchunk, npz, safetensors
from fastckpt.formats.opened import open_tensors
from fastckpt.reading.checkpoint import Checkpoint
from fastckpt.reading.chunks import Chunked, ChunkReader, chunked

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastckpt.writing.writer import StrPath

__all__ = [
    "FILES",
    "check_apart",
    "open_source",
    "size_of",
    "warn_of_parts",
    "write_file",
]

FILES: dict[str, ModuleType] = {
    "npz": npz,
    "safetensors": safetensors,
    "kerchunk": kerchunk,
}


@contextmanager
def open_source(
    source: StrPath | Checkpoint,
    threads: int | None = None,
    storage_options: Mapping[str, Any] | None = None,
) -> Iterator[Source]:
    """Opens what is to be converted, for the length of a block.

    A file's first bytes tell its format, before its name does.
    """
    if isinstance(source, Checkpoint):
        yield source
        return
    # Read, not mapped: a source that is cut meanwhile is an error, no signal.
    with open_tensors(
        source, io="read", threads=threads, storage_options=storage_options
    ) as tensors:
        yield tensors


def warn_of_parts(source: Source) -> None:
    """Warns where a file is one of several, as Hugging Face deals out a model."""
    if isinstance(source, Checkpoint):
        return
    path = source.path
    stem, ending = os.path.splitext(path)
    match = re.fullmatch(r"(.+)-[0-9]{5,}-of-([0-9]{5,})", stem, re.DOTALL)
    if match and int(match[2]) > 1:
        warnings.warn(
            f"{path!r} is one of {int(match[2])} files by its name, and read alone; "
            f"the others of {match[1] + ending!r} are not",
            UserWarning,
            stacklevel=callers_level(),
        )


def check_apart(path: str, kind: str, source: Source) -> None:
    """Refuses to write a file over one that is a part of the source, or out of sight.

    Raises:
        ValueError: It is, and the source would be gone; or a checkpoint has the name,
            and would be found in the file's place.
    """
    if kind in FILES and os.path.exists(f"{path}.index"):
        raise ValueError(
            f"{path}: that is the name of a checkpoint ({path}.index is there), which "
            f"would be read in the place of a {kind} file; name another"
        )
    if not isinstance(source, Checkpoint) or not os.path.exists(path):
        return
    if kind == "v2" or (kind == "v1" and source.format == "v1"):
        return
    for file in (*source.files, *data_files(source._prefix)):
        if os.path.exists(file) and os.path.samefile(file, path):
            raise ValueError(f"{path}: that is a file of the source; name another")


def size_of(step: Step) -> int:
    """Gives the bytes of a tensor's new values; of strings, of the stored ones."""
    size = step.info.nbytes or 0
    if step.dtype is None or step.info.dtype is None:
        return size
    return size // step.info.dtype.itemsize * step.dtype.itemsize


def write_file(
    source: Source,
    steps: Sequence[Step],
    path: str,
    kind: str,
    *,
    fsync: bool,
    threads: int | None,
    progress: ProgressArgument,
    losses: Losses,
    **options: Any,
) -> None:
    """Writes a file a few chunks at a time, when all of it is known to be possible.

    Args:
        source: Where the tensors come from.
        steps: What becomes of each.
        path: The file.
        kind: Its format.
        fsync: Whether it is on the disk when the call returns.
        threads: How many threads read.
        progress: As in ``Checkpoint.load``.
        losses: What counts what casts lose.
        options: What the format is told, too.

    Raises:
        ValueError: The format does not hold a tensor.
        CheckpointError: The source is damaged or holds what is not supported.
        OSError: A file cannot be read or written.
    """
    dtypes = {step.new: step.dtype or step.info.dtype for step in steps}
    FILES[kind].check(dtypes, {step.new: step.info.name for step in steps})
    total = sum(map(size_of, steps))
    with (
        counting(progress, total) as counter,
        _reading(source, steps, threads) as read,
    ):

        def count(chunks: Iterator[NDArray[Any]]) -> Iterator[NDArray[Any]]:
            for chunk in chunks:
                yield chunk
                counter.add(chunk.nbytes)

        tensors = {step.new: _changed(read, step, losses, count) for step in steps}
        FILES[kind].write(path, tensors, fsync=fsync, **options)


@contextmanager
def _reading(
    source: Source, steps: Sequence[Step], threads: int | None
) -> Iterator[Callable[[Step], Chunked]]:
    """Gives what makes a tensor's chunks as the source has them."""
    if isinstance(source, Checkpoint):
        check_readable(source, steps)
        reader = ChunkReader(source, threads)
        yield lambda step: reader.chunked(source.info(step.info.name))
    else:
        yield lambda step: _lazy(source, step)


def _lazy(source: Mapping[str, NDArray[Any]], step: Step) -> Chunked:
    """Gives the chunks of an array that is made when they are asked for."""
    info = step.info
    assert info.dtype is not None
    return Chunked(
        info.dtype, tuple(info.shape), lambda: chunked(source[info.name]).make()
    )


def _changed(
    read: Callable[[Step], Chunked],
    step: Step,
    losses: Losses,
    count: Callable[[Iterator[NDArray[Any]]], Iterator[NDArray[Any]]],
) -> Chunked:
    """Gives a tensor's chunks with its new values and of its new dtype."""
    found = read(step) if step.value is None else chunked(step.value)
    dtype = step.dtype or found.dtype

    def make() -> Iterator[NDArray[Any]]:
        name = step.info.name
        chunks = (losses.cast(name, chunk, step.dtype) for chunk in found.make())
        yield from count(chunks)

    return Chunked(dtype, found.shape, make)
