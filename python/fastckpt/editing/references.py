"""References in the place of a copy: every byte they point at is checked first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fastckpt.base.names import list_some
from fastckpt.base.progress import Counter, ProgressArgument, counting, watch
from fastckpt.editing.plan import Source, Step
from fastckpt.editing.rewrite import check_readable
from fastckpt.errors import UnsupportedError
from fastckpt.formats import kerchunk
from fastckpt.formats.refusals import leave_out
from fastckpt.reading.checkpoint import Checkpoint
from fastckpt.reading.chunks import ChunkReader
from fastckpt.reading.results import TensorLayout, TensorPiece

__all__ = ["write_references"]

_Request = tuple[str, Any, None]

_BATCH_BYTES = 32 << 20
_WHOLE = "fastckpt.save(path, fastckpt.load(SOURCE)) stores each in one piece"


def write_references(
    source: Source,
    steps: Sequence[Step],
    path: str,
    *,
    fsync: bool,
    threads: int | None,
    progress: ProgressArgument,
) -> None:
    """Writes where tensors lie, when all of them are known to be sound.

    References have no checksums: this is the last time that anything is checked.

    Args:
        source: Where the tensors are.
        steps: Which of them, and what each is to be called.
        path: The file.
        fsync: Whether it is on the disk when the call returns.
        threads: How many threads check.
        progress: As in ``Checkpoint.load``.

    Raises:
        ValueError: Zarr 2 does not hold a tensor; one would have other values than
            those that are stored; the source is no checkpoint.
        CheckpointError: The source is damaged, or holds what is not supported.
        OSError: A file cannot be read or written.
    """
    if not isinstance(source, Checkpoint):
        raise ValueError(
            f"{source.path}: references are made to the files of checkpoints, this is "
            f"a {source.format} file; convert it to V2 first"
        )
    _check_kept(steps)
    check_readable(source, steps)
    dtypes = {step.new: step.info.dtype for step in steps}
    kerchunk.check(dtypes, {step.new: step.info.name for step in steps})
    layouts = _lay_out(source, steps)
    scattered = f"{_WHOLE}, or leave them out (drop=, --drop)"
    placed = kerchunk.place(layouts, scattered)
    _check_values(source, layouts, threads, progress)
    named = {step.new: placed[step.info.name] for step in steps}
    kerchunk.write(path, named, fsync=fsync)


def _check_kept(steps: Sequence[Step]) -> None:
    """Checks that stored bytes are the values, as they are."""
    changed = {
        "cast": [it for it in steps if it.dtype and it.dtype != it.info.dtype],
        "set anew": [it for it in steps if it.value is not None],
    }
    for what, found in changed.items():
        if names := [step.info.name for step in found]:
            raise ValueError(
                f"references are to what is stored, nothing is {what} on the way: "
                f"{list_some(names)}; convert to V2 first, and refer to that"
            )


def _lay_out(source: Checkpoint, steps: Sequence[Step]) -> dict[str, TensorLayout]:
    """Gives where tensors lie.

    Raises:
        UnsupportedError: Stored bytes are not the array's; all such are named.
    """
    layouts: dict[str, TensorLayout] = {}
    reasons: dict[str, UnsupportedError] = {}
    for step in steps:
        name = step.info.name
        try:
            layouts[name] = source.layout(name)
        except UnsupportedError as error:
            reasons[name] = error
    if reasons:
        names = list(reasons)
        raise UnsupportedError(
            f"no references can be made to {list_some(names)}: {reasons[names[0]]}; "
            f"{leave_out(names)}",
            tensor=names[0],
        )
    return layouts


def _check_values(
    source: Checkpoint,
    layouts: Mapping[str, TensorLayout],
    threads: int | None,
    progress: ProgressArgument,
) -> None:
    """Checks the stored bytes; raises what is wrong with those that are referred to."""
    kept = sum(piece.nbytes for it in layouts.values() for piece in it.pieces)
    are_others = kept < sum(it.nbytes or 0 for it in source.infos() if not it.problem)
    if source.io == "remote" and source._options.verify and are_others:
        with counting(progress, kept) as counter:
            _read_kept(source, layouts, threads, counter)
        return
    files = {piece.file for it in layouts.values() for piece in it.pieces}
    files.update(source.files)
    with watch(progress) as watched:
        _, errors = source._reader.verify(source._count(threads), watched)
    for error in errors:
        tensor = getattr(error, "tensor", None)
        path = getattr(error, "path", None) or getattr(error, "filename", None)
        if tensor in layouts or (tensor is None and (path is None or path in files)):
            raise error


def _read_kept(
    source: Checkpoint,
    layouts: Mapping[str, TensorLayout],
    threads: int | None,
    counter: Counter,
) -> None:
    """Reads what is referred to, and nothing else of what lies far away.

    Pieces that are read in full are checked on the way.
    """
    reader = ChunkReader(source, threads)
    for requests in _batches(layouts):
        if len(requests) == 1 and requests[0][1] is None:  # maybe a very large one
            info = source.info(requests[0][0])
            for chunk in reader.chunked(info).make():
                counter.add(chunk.nbytes)
        else:
            for array in source.read_many(requests, threads=threads):
                counter.add(array.nbytes)


def _batches(layouts: Mapping[str, TensorLayout]) -> Iterator[list[_Request]]:
    """Gives all tensors as requests, some at a time: memory stays flat."""
    batch: list[_Request] = []
    size = 0
    for name, layout in layouts.items():
        nbytes = sum(piece.nbytes for piece in layout.pieces)
        if nbytes > _BATCH_BYTES and len(layout.pieces) > 1:
            yield from ([(name, _region_of(piece), None)] for piece in layout.pieces)
            continue
        if batch and size + nbytes > _BATCH_BYTES:
            yield batch
            batch, size = [], 0
        batch.append((name, None, None))
        size += nbytes
    if batch:
        yield batch


def _region_of(piece: TensorPiece) -> tuple[slice, ...]:
    spans = zip(piece.begin, piece.extent, strict=True)
    return tuple(slice(begin, begin + extent) for begin, extent in spans)
