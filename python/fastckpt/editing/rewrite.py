"""Editing a checkpoint without loading it: ``rewrite``."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fastckpt import _native
from fastckpt.base.arguments import check_count, encode_name
from fastckpt.base.cast import DType, Losses
from fastckpt.base.open_files import check_open_files
from fastckpt.base.progress import Counter, ProgressArgument, counting, watch
from fastckpt.editing.plan import Source, Step, plan
from fastckpt.editing.stored_slices import Part, count_shards, parts_of
from fastckpt.errors import UnsupportedError
from fastckpt.files.replaced import check_keeps_shards
from fastckpt.files.rivals import warn_of_kept_v1
from fastckpt.files.urls import target_prefix
from fastckpt.reading.checkpoint import Checkpoint, open
from fastckpt.reading.chunks import ChunkReader
from fastckpt.writing.object_graph import fit_object_graph
from fastckpt.writing.storable import stored
from fastckpt.writing.writer import Writer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastckpt.writing.writer import StrPath

__all__ = ["Target", "check_readable", "opened", "rewrite", "write"]


class Target(NamedTuple):
    """Where a checkpoint goes, and how."""

    prefix: StrPath
    format: str
    shards: int
    align: int
    fsync: bool
    threads: int | None


def rewrite(
    source: StrPath | Checkpoint,
    destination: StrPath,
    *,
    select: Iterable[str] | Mapping[str, str] | None = None,
    drop: Iterable[str] = (),
    rename: Mapping[str, str] | None = None,
    dtype: DType | Mapping[str, DType] | None = None,
    format: str | None = None,
    shards: int | None = None,
    align: int = 1,
    fsync: bool = True,
    threads: int | None = None,
    progress: ProgressArgument = None,
    storage_options: Mapping[str, Any] | None = None,
) -> None:
    """Writes a checkpoint anew: keeps, drops, renames, casts, realigns, reshards.

    Tensors go from file to file, in the order in which they lie; their stored
    checksums are checked on the way. Partitioned tensors stay partitioned. From V2
    to V2 without a cast even types go that only TensorFlow reads. The object graph of
    a TensorFlow 2 checkpoint gets the new keys and forgets what is left out.

    Args:
        source: What ``open`` accepts, or an open checkpoint.
        destination: A prefix; it may be the source's own, but not one of several
            V1 shards.
        select: Which tensors, as in ``Checkpoint.load``; None: all. The object graph
            of a TensorFlow 2 checkpoint comes along, for nothing is restored without.
        drop: Names and patterns of tensors to leave out; the object graph goes where
            it is named, and not because a pattern fits it among others.
        rename: ``{name in the source: new name}``.
        dtype: A dtype for all floating tensors, or ``{name or pattern: dtype}`` of
            which the first that fits counts. A pattern takes tensors of its dtype's
            kind alone: floats for a float, integers for an integer; bools, quantized
            and other tensors are cast by their whole names. Floats do not become
            integers; integers that do not fit, or that a float would round, are an
            error.
        format: "v2" or "v1"; None: the source's.
        shards: How many data files (V2); None: as many as the source has, but no more
            than there are tensors and slices, and one where so many files may not be
            open at once.
        align: A multiple of which each tensor's offset is to be (V2).
        fsync: Whether everything is on the disk before the checkpoint appears.
        threads: How many threads check and copy; None: one for each CPU.
        progress: As in ``Checkpoint.load``.
        storage_options: As in ``open``.

    Raises:
        KeyError: A name or pattern fits no tensor.
        ValueError: Two tensors would have one name; a cast makes no sense; an
            argument is out of range; the object graph cannot say the new names; the
            destination is one of several V1 shards, or a file of another kind.
        TypeError: A name is no str; a dtype is none.
        CheckpointError: The source is damaged or holds what is not supported.
        OSError: A file cannot be read or written; the destination is as it was.

    Warns:
        RuntimeWarning: The dtype that numbers got could not hold them; how many.
    """
    shards = None if shards is None else check_count("shards", shards)
    align = check_count("align", align)
    losses = Losses()
    destination = target_prefix(destination)
    with opened(source, threads, storage_options) as checkpoint:
        check_keeps_shards(destination, [checkpoint.files])
        kind = format or checkpoint.format
        steps = plan(checkpoint, select, drop, rename or {}, dtype)
        if shards is None:
            shards = count_shards(checkpoint, kind, [step.info for step in steps])
        target = Target(destination, kind, shards, align, fsync, threads)
        write(checkpoint, steps, target, progress, losses)
    losses.warn()


def write(
    source: Source,
    steps: Sequence[Step],
    target: Target,
    progress: ProgressArgument,
    losses: Losses,
) -> None:
    """Writes what was planned, with an object graph that fits it.

    Raises and counts losses as ``rewrite``.
    """
    if isinstance(source, Checkpoint):
        strings = fit_object_graph(source, _list_names(steps))
        steps = [_with_string(step, strings) for step in steps]
        is_cast = any(it.dtype for it in steps)
        if source.format == target.format == "v2" and not is_cast:
            with watch(progress) as counted:
                _pass_on(source, steps, target, counted)
            return
        check_readable(source, steps)
    with counting(progress, sum(it.info.nbytes or 0 for it in steps)) as counter:
        _write_arrays(source, steps, target, counter, losses)


def _with_string(step: Step, strings: Mapping[str, bytes]) -> Step:
    if step.info.name not in strings:
        return step
    return step._replace(value=np.array(strings[step.info.name], object))


@contextmanager
def opened(
    source: StrPath | Checkpoint,
    threads: int | None,
    storage_options: Mapping[str, Any] | None = None,
) -> Iterator[Checkpoint]:
    """Opens a checkpoint for the length of a block; an open one stays open."""
    if isinstance(source, Checkpoint):
        yield source
    else:
        # Read, not mapped: a source that is cut meanwhile is an error, no signal.
        with open(
            source, io="read", threads=threads, storage_options=storage_options
        ) as checkpoint:
            yield checkpoint


def _pass_on(
    checkpoint: Checkpoint,
    steps: Sequence[Step],
    target: Target,
    counter: Counter | None,
) -> None:
    """Lets the core pass stored bytes on, whatever they mean."""
    prefix = os.fsdecode(target.prefix)
    check_open_files(target.shards, prefix, "write fewer shards")
    warn_of_kept_v1(prefix)
    _native.rewrite(
        source=checkpoint._reader,
        prefix=os.fsencode(target.prefix),
        names=_encode_names(steps),
        values=list(_list_values(steps)),
        shards=target.shards,
        align=target.align,
        fsync=target.fsync,
        threads=target.threads or 0,
        progress=counter,
    )


def _list_values(steps: Iterable[Step]) -> Iterator[tuple[Any, ...]]:
    """Gives the values that take the place of stored ones, as the core takes them."""
    values = {step.info.name: step for step in steps if step.value is not None}
    for name, step in values.items():
        item = stored(name, step.value, step.info.tf_dtype)
        yield encode_name(name), item.dtype, item.values, item.shape, None


def _list_names(steps: Iterable[Step]) -> dict[str, list[str]]:
    """Gives {name in the source: its new names}."""
    names: dict[str, list[str]] = {}
    for step in steps:
        names.setdefault(step.info.name, []).append(step.new)
    return names


def _encode_names(steps: Iterable[Step]) -> dict[bytes, list[bytes]]:
    return {
        encode_name(old): [encode_name(name) for name in new]
        for old, new in _list_names(steps).items()
    }


def _write_arrays(
    source: Source,
    steps: Sequence[Step],
    target: Target,
    counter: Counter,
    losses: Losses,
) -> None:
    """Writes values as arrays, which may be cast and need not be of V2."""
    writer = Writer(
        target.prefix,
        format=target.format,
        shards=target.shards,
        align=target.align,
        fsync=target.fsync,
        threads=target.threads,
    )
    values = _Values(source, losses, target.threads)
    with writer:
        for step in steps:
            info = step.info
            for part in parts_of(info):
                tf_dtype = None if step.dtype else info.tf_dtype
                part.write(writer, step.new, values.read(step, part), tf_dtype)
            counter.add(info.nbytes or 0)


class _Values:
    """Reads parts of tensors as they are to be written."""

    def __init__(self, source: Source, losses: Losses, threads: int | None) -> None:
        self._source = source
        self._losses = losses
        self._reader = None
        if isinstance(source, Checkpoint):
            self._reader = ChunkReader(source, threads)

    def read(self, step: Step, part: Part) -> NDArray[Any]:
        """Gives the new values of a part, cast while they are read if they are."""
        info, value = step.info, step.value
        if value is None and step.dtype and not info.slices and self._reader:
            return self._cast(self._reader, step, step.dtype)
        if value is None:
            value = part.read(self._source)
        elif info.slices:  # value[()] of strings would be no array
            value = value[part.region]
        return self._losses.cast(info.name, value, step.dtype)

    def _cast(
        self, reader: ChunkReader, step: Step, dtype: np.dtype[Any]
    ) -> NDArray[Any]:
        """Casts chunk by chunk: of what is stored memory never holds the whole."""
        found = reader.chunked(reader.checkpoint.info(step.info.name))
        values: NDArray[Any] = np.empty(prod(found.shape), dtype)
        end = 0
        for chunk in found.make():
            begin, end = end, end + chunk.size
            cast = self._losses.cast(step.info.name, chunk, dtype)
            values[begin:end] = cast.reshape(-1)
        return values.reshape(found.shape)


def check_readable(checkpoint: Checkpoint, steps: Iterable[Step]) -> None:
    """Checks that NumPy has forms for tensors, and says how to leave out the others.

    Raises:
        UnsupportedError: One has none.
    """
    for step in steps:
        if step.info.problem is not None:
            try:
                checkpoint.byte_runs(step.info.name)
            except UnsupportedError as error:
                message = f"{error}; drop={[step.info.name]!r} leaves it out"
                raise UnsupportedError(message, tensor=step.info.name) from None
