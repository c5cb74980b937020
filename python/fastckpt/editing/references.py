"""References in the place of a copy: every byte they point at is checked first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fastckpt.base.names import list_some
from fastckpt.base.progress import ProgressArgument, watch
from fastckpt.editing.plan import Source, Step
from fastckpt.editing.rewrite import check_readable
from fastckpt.errors import UnsupportedError
from fastckpt.formats import kerchunk
from fastckpt.formats.refusals import leave_out
from fastckpt.reading.checkpoint import Checkpoint
from fastckpt.reading.results import TensorLayout

__all__ = ["write_references"]

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
    """Checks all stored bytes; raises what is wrong with those that are referred to."""
    files = {piece.file for it in layouts.values() for piece in it.pieces}
    files.update(source.files)
    with watch(progress) as counter:
        _, errors = source._reader.verify(source._count(threads), counter)
    for error in errors:
        tensor = getattr(error, "tensor", None)
        path = getattr(error, "path", None) or getattr(error, "filename", None)
        if tensor in layouts or (tensor is None and (path is None or path in files)):
            raise error
