"""``convert``: from any format to any other, changed on the way."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

from fastckpt.base.cast import DType, Losses
from fastckpt.base.progress import ProgressArgument
from fastckpt.editing.by_path import Names
from fastckpt.editing.chosen_dtypes import QUANTIZED
from fastckpt.editing.file_formats import (
    FILES,
    check_apart,
    open_source,
    size_of,
    write_file,
)
from fastckpt.editing.new_values import check_new_value
from fastckpt.editing.plan import Source, Step, plan
from fastckpt.editing.rewrite import Target, write
from fastckpt.editing.targets import (
    check_metadata,
    check_placement,
    choose_format,
)
from fastckpt.files.replaced import check_keeps_checkpoints, check_keeps_shards
from fastckpt.files.urls import target_path, target_prefix
from fastckpt.objects.message import GRAPH_KEY
from fastckpt.reading.checkpoint import Checkpoint

if TYPE_CHECKING:
    from fastckpt.writing.writer import StrPath

__all__ = ["Converted", "convert"]


class Converted(NamedTuple):
    """What `convert` wrote.

    Attributes:
        format: "v1", "v2", "npz" or "safetensors".
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
) -> Converted:
    """Writes a checkpoint in another format, or in the same one with changes.

    Nothing is written before all of it is known to be possible, and the target is
    complete or as it was. Tensors go to ``.npz`` and ``.safetensors`` some MiB at a
    time, to V2 with casts one at a time, from V2 to V2 as stored bytes. A V1 file is
    sorted and held in memory until it is written; of V1 sources, ``.npz`` and
    ``.safetensors`` one tensor is. The object graph of a TensorFlow 2 checkpoint
    gets the new keys and forgets what is left out.

    Args:
        source: What ``open`` accepts, an open checkpoint, or a file whose name ends
            in ``.npz`` or ``.safetensors``.
        to: A prefix, or a file; it may be the source's own of the same format.
        format: "v1", "v2", "npz", "safetensors"; None: what the target's ending
            says, "v2" where it says nothing.
        rename: ``{name in the source: new name}``.
        dtype: A dtype for all floating tensors, or ``{name or pattern: dtype}`` of
            which the first that fits counts. Floats do not become integers; integers
            that a smaller type does not hold, or that a float would round, are an
            error.
        drop: Names and patterns of tensors to leave out.
        names: "keys": as they are stored; "objects": the paths that people know, as
            in ``ckpt.objects.names()``, with which tensors can then be named here,
            too. TensorFlow finds no values by them, so the object graph is left out.
        shards: How many data files (V2).
        align: A multiple of which each tensor's offset is to be (V2).
        metadata: Texts by name for the header (safetensors); None: those of a source
            that is safetensors, too. Other formats have no place for these.
        values: ``{name in the source: value}`` set anew; dtype and shape stay.
        fsync: Whether everything is on the disk before the target appears.
        threads: How many threads check and copy; None: one for each CPU.
        progress: As in ``Checkpoint.load``.

    Returns:
        What was written.

    Raises:
        KeyError: A name or pattern fits no tensor.
        ValueError: The name of the target says another format, or one that is not
            written here; npz or safetensors would replace a checkpoint's file or a
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
            tensors became integers, which is what npz and safetensors hold; the
            source is one of several files by its name (``-00001-of-00002``).
    """
    path = target_path(to)
    kind = choose_format(path, format)
    if kind not in FILES:
        path = target_prefix(path)
    placement = check_placement(kind, shards, align)
    header = check_metadata(kind, metadata)
    losses = Losses()
    with open_source(source, threads) as tensors:
        own = [tensors.files] if isinstance(tensors, Checkpoint) else []
        check_keeps_shards(path, own)
        check_apart(path, kind, tensors)
        if kind in FILES:
            check_keeps_checkpoints(path, f"a {kind} file of this name")
        texts = {} if isinstance(tensors, Checkpoint) else tensors.metadata
        if header is None and kind == "safetensors":
            header = texts or None
        known = Names(tensors, names)
        dropped = known.match_dropped(drop)
        has_graph = GRAPH_KEY in tensors and GRAPH_KEY not in dropped
        is_lost = has_graph and (kind in FILES or names == "objects")
        if is_lost:
            dropped.add(GRAPH_KEY)
        steps = _plan(tensors, known, dropped, rename or {}, dtype, values or {})
        if kind in FILES:
            write_file(
                tensors,
                steps,
                path,
                kind,
                fsync=fsync,
                threads=threads,
                progress=progress,
                losses=losses,
                **({} if header is None else {"metadata": header}),
            )
        else:
            target = Target(path, kind, *placement, fsync, threads)
            write(tensors, steps, target, progress, losses)
        left_out = [name for name in tensors if name in dropped]
        lost = {} if kind == "safetensors" else texts
    losses.warn()
    if is_lost:
        _warn_of_graph(kind, names)
    if kind in FILES:
        _warn_of_quantized(kind, steps)
    return _report(kind, steps, left_out, lost)


def _report(
    kind: str, steps: Sequence[Step], left_out: list[str], lost: dict[str, str]
) -> Converted:
    values = sum(prod(step.info.shape) for step in steps)
    nbytes = sum(map(size_of, steps))
    return Converted(kind, len(steps), values, nbytes, left_out, lost)


def _plan(
    source: Source,
    known: Names,
    dropped: set[str],
    rename: Mapping[str, str],
    dtype: DType | Mapping[str, DType] | None,
    values: Mapping[str, Any],
) -> list[Step]:
    """Decides on every tensor."""
    if dropped and (dropped | {GRAPH_KEY}).issuperset(source):
        raise ValueError(
            f"all {len(source):,} tensors would be left out, nothing would be left"
        )
    paths = {key: path for path, key in known.keys.items() if key not in dropped}
    names = paths | known.by_key(rename)
    steps = plan(source, None, dropped, names, dtype, known.find)
    news = known.by_key(values)
    for name in news:
        if name == GRAPH_KEY:
            raise ValueError(
                f"{name!r} is the object graph, which is written to fit the tensors "
                f"and takes no value; drop={[name]!r} leaves it out"
            )
        if name in dropped:
            raise ValueError(f"{name!r} is to have a new value, but it is left out")
    return [
        step._replace(value=check_new_value(step.info, news[step.info.name]))
        if step.info.name in news
        else step
        for step in steps
    ]


def _warn_of_graph(kind: str, names: str) -> None:
    why = "names no values by their paths" if names == "objects" else "is a string"
    warnings.warn(
        f"the object graph, {GRAPH_KEY!r}, {why} and was left out of the {kind}; "
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
