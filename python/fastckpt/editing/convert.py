"""``convert``: from any format to any other, changed on the way."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

from fastckpt.base.cast import DType, Losses
from fastckpt.base.progress import ProgressArgument
from fastckpt.editing.changes import Changes, Planned, plan_changes
from fastckpt.editing.chosen_dtypes import QUANTIZED
from fastckpt.editing.file_formats import (
    FILES,
    check_apart,
    open_source,
    size_of,
    warn_of_parts,
    write_file,
)
from fastckpt.editing.plan import Source, Step
from fastckpt.editing.references import write_references
from fastckpt.editing.rewrite import Target, write
from fastckpt.editing.stored_slices import count_shards
from fastckpt.editing.targets import check_metadata, check_placement, choose_format
from fastckpt.files.replaced import check_keeps_checkpoints, check_keeps_shards
from fastckpt.files.urls import target_path, target_prefix
from fastckpt.objects.message import GRAPH_KEY
from fastckpt.reading.checkpoint import Checkpoint

if TYPE_CHECKING:
    from fastckpt.writing.writer import StrPath

__all__ = ["Converted", "convert"]

_WORDS = {"kerchunk": "references"}
"""What is written, where the format's name is none for it."""


class Converted(NamedTuple):
    """What `convert` wrote.

    Attributes:
        format: "v1", "v2", "npz", "safetensors" or "kerchunk".
        tensors: How many.
        values: How many numbers and strings they are.
        nbytes: The bytes of their values; of strings, those that are stored.
        dropped: The names of what was left out, in order.
        lost_metadata: The texts in the header of the source (safetensors) for which
            the format has no place.
    """

    format: str
    tensors: int
    values: int
    nbytes: int
    dropped: list[str]
    lost_metadata: dict[str, str]


def convert(
    source: StrPath | Checkpoint,
    to: StrPath,
    format: str | None = None,
    rename: Mapping[str, str] | None = None,
    dtype: DType | Mapping[str, DType] | None = None,
    drop: Iterable[str] = (),
    names: str = "keys",
    shards: int | None = None,
    align: int | None = None,
    metadata: Mapping[str, str] | None = None,
    values: Mapping[str, Any] | None = None,
    *,
    fsync: bool = True,
    threads: int | None = None,
    progress: ProgressArgument = None,
    storage_options: Mapping[str, Any] | None = None,
) -> Converted:
    """Writes a checkpoint in another format, or in the same one with changes.

    Nothing is written before all of it is known to be possible, and the target is
    complete or as it was. Tensors go to ``.npz`` and ``.safetensors`` some MiB at a
    time, to V2 with casts one at a time, from V2 to V2 as stored bytes. A V1 file is
    sorted and held in memory until it is written; of V1 sources, ``.npz`` and
    ``.safetensors`` one tensor is. The object graph of a TensorFlow 2 checkpoint
    gets the new keys and forgets what is left out. "kerchunk" copies nothing: it
    checks every byte, then writes where the tensors lie, for zarr and xarray.

    Args:
        source: What ``open`` accepts, an open checkpoint, or a file whose name ends
            in ``.npz`` or ``.safetensors``.
        to: A prefix, or a file; it may be the source's own of the same format.
        format: "v1", "v2", "npz", "safetensors", "kerchunk"; None: what the target's
            ending says, "v2" where it says nothing.
        rename: ``{name in the source: new name}``.
        dtype: A dtype for all floating tensors, or ``{name or pattern: dtype}`` of
            which the first that fits counts. Floats do not become integers; integers
            that a smaller type does not hold, or that a float would round, are an
            error.
        drop: Names and patterns of tensors to leave out.
        names: "keys": as they are stored; "objects": the paths that people know, as
            in ``ckpt.objects.names()``, with which tensors can then be named here,
            too; two that would have one path are an error. TensorFlow finds no values
            by them, so the object graph is left out.
        shards: As in ``rewrite``.
        align: A multiple of which each tensor's offset is to be (V2).
        metadata: Texts by name for the header (safetensors); None: those of a source
            that is safetensors, too. Other formats have no place for these.
        values: ``{name in the source: value}`` set anew; dtype and shape stay.
        fsync: Whether everything is on the disk before the target appears.
        threads: How many threads check and copy; None: one for each CPU.
        progress: As in ``Checkpoint.load``.
        storage_options: As in ``open``.

    Returns:
        What was written.

    Raises:
        KeyError: A name or pattern fits no tensor.
        ValueError: The name of the target says another format, or one that is not
            written here; a file of one would replace a checkpoint's file or a
            state file; the target is one of several V1 shards; an option is for another
            format; two tensors would have one
            name; nothing would be left; the format does not hold a name or a type;
            a cast or a value makes no sense.
        TypeError: A dtype is none, a name no str.
        CheckpointError: The source is damaged or holds what is not supported.
        OSError: A file cannot be read or written.
        ImportError: The library for safetensors is missing.

    Warns:
        RuntimeWarning: The dtype that numbers got could not hold them; how many.
        UserWarning: The object graph was left out, though nobody said so; quantized
            tensors became integers, which is what other formats hold; the
            source is one of several files by its name (``-00001-of-00002``).
    """
    path = target_path(to)
    kind = choose_format(path, format)
    if kind not in FILES:
        path = target_prefix(path)
    shards, align = check_placement(kind, shards, align)
    header = check_metadata(kind, metadata)
    changes = Changes(names, drop, rename or {}, dtype, values or {})
    losses = Losses()
    with open_source(source, threads, storage_options) as tensors:
        warn_of_parts(tensors)
        _check_target(path, kind, tensors)
        texts = {} if isinstance(tensors, Checkpoint) else tensors.metadata
        planned = plan_changes(tensors, changes, has_graph=kind not in FILES)
        if kind == "kerchunk":
            write_references(
                tensors,
                planned.steps,
                path,
                fsync=fsync,
                threads=threads,
                progress=progress,
            )
        elif kind in FILES:
            if header is None and kind == "safetensors":
                header = texts or None
            write_file(
                tensors,
                planned.steps,
                path,
                kind,
                fsync=fsync,
                threads=threads,
                progress=progress,
                losses=losses,
                **({} if header is None else {"metadata": header}),
            )
        else:
            if shards is None:
                infos = [step.info for step in planned.steps]
                shards = count_shards(tensors, kind, infos)
            target = Target(path, kind, shards, align, fsync, threads)
            write(tensors, planned.steps, target, progress, losses)
    losses.warn()
    if planned.loses_graph:
        _warn_of_graph(kind, names)
    if kind in FILES:
        _warn_of_quantized(kind, planned.steps)
    return _report(kind, planned, {} if kind == "safetensors" else texts)


def _check_target(path: str, kind: str, source: Source) -> None:
    check_keeps_shards(path, [source.files] if isinstance(source, Checkpoint) else [])
    check_apart(path, kind, source)
    if kind in FILES:
        check_keeps_checkpoints(path, f"a {kind} file of this name")


def _report(kind: str, planned: Planned, lost: dict[str, str]) -> Converted:
    steps = planned.steps
    values = sum(prod(step.info.shape) for step in steps)
    nbytes = sum(map(size_of, steps))
    return Converted(kind, len(steps), values, nbytes, planned.left_out, lost)


def _warn_of_graph(kind: str, names: str) -> None:
    why = "names no values by their paths" if names == "objects" else "is a string"
    warnings.warn(
        f"the object graph, {GRAPH_KEY!r}, {why} and was left out of the "
        f"{_WORDS.get(kind, kind)}; "
        f"drop={[GRAPH_KEY]!r} says that it is to be",
        UserWarning,
        stacklevel=3,
    )


def _warn_of_quantized(kind: str, steps: Sequence[Step]) -> None:
    """Warns of types that only TensorFlow's own files tell from integers."""
    lost = {
        step.info.name: f"{step.info.tf_dtype} as {step.info.dtype}"
        for step in steps
        if step.dtype is None and (step.info.tf_dtype or "").startswith(QUANTIZED)
    }
    if lost:
        name, became = next(iter(lost.items()))
        count = f"{len(lost):,} tensor{'s'[: len(lost) > 1]}"
        warnings.warn(
            f"{kind} has no quantized types: it has plain integers of {count}, first "
            f"{name!r}, {became}",
            UserWarning,
            stacklevel=3,
        )
