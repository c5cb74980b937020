"""Editing a checkpoint without loading it: ``rewrite``."""

from __future__ import annotations

import os
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fastckpt import _native
from fastckpt.arguments import check_count, encode_name
from fastckpt.casting import DType, Losses, check_cast, is_floating, to_dtype
from fastckpt.checkpoint import Checkpoint, open
from fastckpt.editing.object_graph import fit_object_graph
from fastckpt.errors import UnsupportedError
from fastckpt.parts import in_file_order, parts_of
from fastckpt.progress import Counter, ProgressArgument, counting
from fastckpt.report import TensorInfo
from fastckpt.select import select as select_names
from fastckpt.urls import target_path
from fastckpt.writer import Writer

if TYPE_CHECKING:
    from fastckpt.writer import StrPath

__all__ = ["opened", "rewrite"]


class _Step(NamedTuple):
    """One tensor of the copy, its new name, and its new dtype if it gets one."""

    info: TensorInfo
    new: str
    dtype: np.dtype[Any] | None


class _Target(NamedTuple):
    """Where a checkpoint goes, and how."""

    prefix: StrPath
    format: str
    shards: int
    align: int
    fsync: bool
    threads: int | None
    strings: Mapping[str, bytes]


def rewrite(
    source: StrPath | Checkpoint,
    destination: StrPath,
    *,
    select: Iterable[str] | Mapping[str, str] | None = None,
    drop: Iterable[str] = (),
    rename: Mapping[str, str] | None = None,
    dtype: DType | Mapping[str, DType] | None = None,
    format: str | None = None,
    shards: int = 1,
    align: int = 1,
    fsync: bool = True,
    threads: int | None = None,
    progress: ProgressArgument = None,
) -> None:
    """Writes a checkpoint anew: keeps, drops, renames, casts, realigns, reshards.

    Tensors go from file to file, in the order in which they lie; their stored
    checksums are checked on the way. Partitioned tensors stay partitioned. From V2
    to V2 without a cast even types go that only TensorFlow reads. The object graph of
    a TensorFlow 2 checkpoint gets the new keys and forgets what is left out.

    Args:
        source: What ``open`` accepts, or an open checkpoint.
        destination: A prefix; it may be the source's own.
        select: Which tensors, as in ``Checkpoint.load``; None: all.
        drop: Names and patterns of tensors to leave out.
        rename: ``{name in the source: new name}``.
        dtype: A dtype for all floating tensors, or ``{name or pattern: dtype}`` of
            which the first that fits counts. Floats do not become integers.
        format: "v2" or "v1"; None: the source's.
        shards: How many data files (V2).
        align: A multiple of which each tensor's offset is to be (V2).
        fsync: Whether everything is on the disk before the checkpoint appears.
        threads: How many threads check and copy; None: one for each CPU.
        progress: As in ``Checkpoint.load``.

    Raises:
        KeyError: A name or pattern fits no tensor.
        ValueError: Two tensors would have one name; a cast makes no sense; an
            argument is out of range; the object graph cannot say the new names.
        TypeError: A name is no str; a dtype is none.
        CheckpointError: The source is damaged or holds what is not supported.
        OSError: A file cannot be read or written; the destination is as it was.

    Warns:
        RuntimeWarning: Numbers were too large for the dtype they got; how many.
    """
    shards, align = check_count("shards", shards), check_count("align", align)
    losses = Losses()
    destination = target_path(destination)
    with opened(source, threads) as checkpoint:
        kind = format or checkpoint.format
        steps = _plan(checkpoint, select, drop, rename or {}, dtype)
        strings = fit_object_graph(checkpoint, _list_names(steps))
        target = _Target(destination, kind, shards, align, fsync, threads, strings)
        with counting(progress, sum(it.info.nbytes or 0 for it in steps)) as counter:
            if checkpoint.format == kind == "v2" and not any(it.dtype for it in steps):
                _pass_on(checkpoint, steps, target, counter)
            else:
                _write(checkpoint, steps, target, counter, losses)
    losses.warn()


@contextmanager
def opened(source: StrPath | Checkpoint, threads: int | None) -> Iterator[Checkpoint]:
    """Opens a checkpoint for the length of a block; an open one stays open."""
    if isinstance(source, Checkpoint):
        yield source
    else:
        # Read, not mapped: a source that is cut meanwhile is an error, no signal.
        with open(source, io="read", threads=threads) as checkpoint:
            yield checkpoint


def _pass_on(
    checkpoint: Checkpoint, steps: Sequence[_Step], target: _Target, counter: Counter
) -> None:
    """Lets the core pass stored bytes on, whatever they mean."""
    _native.rewrite(
        source=checkpoint._reader,
        prefix=os.fsencode(target.prefix),
        names=_encode_names(steps),
        values=[
            (encode_name(name), "string", [content], (), None)
            for name, content in target.strings.items()
        ],
        shards=target.shards,
        align=target.align,
        fsync=target.fsync,
        threads=target.threads or 0,
        progress=counter.reach,
    )


def _list_names(steps: Iterable[_Step]) -> dict[str, list[str]]:
    """Gives {name in the source: its new names}."""
    names: dict[str, list[str]] = {}
    for step in steps:
        names.setdefault(step.info.name, []).append(step.new)
    return names


def _encode_names(steps: Iterable[_Step]) -> dict[bytes, list[bytes]]:
    return {
        encode_name(old): [encode_name(name) for name in new]
        for old, new in _list_names(steps).items()
    }


def _write(
    checkpoint: Checkpoint,
    steps: Sequence[_Step],
    target: _Target,
    counter: Counter,
    losses: Losses,
) -> None:
    """Writes values as arrays, which may be cast and need not be of V2."""
    _check_readable(checkpoint, steps)
    writer = Writer(
        target.prefix,
        format=target.format,
        shards=target.shards,
        align=target.align,
        fsync=target.fsync,
        threads=target.threads,
    )
    with writer:
        for info, new, dtype in steps:
            for part in parts_of(info):
                values = losses.cast(info.name, part.read(checkpoint), dtype)
                if info.name in target.strings:
                    values = np.array(target.strings[info.name], object)
                part.write(writer, new, values, None if dtype else info.tf_dtype)
            counter.add(info.nbytes or 0)


def _plan(
    checkpoint: Checkpoint,
    select: Iterable[str] | Mapping[str, str] | None,
    drop: Iterable[str],
    rename: Mapping[str, str],
    dtype: DType | Mapping[str, DType] | None,
) -> list[_Step]:
    """Decides on every tensor, so that nothing is begun that cannot be done."""
    wanted = _select(checkpoint, select)
    dropped = set(_match(checkpoint, drop))
    new_names: dict[str, list[str]] = {}
    for new, old in wanted.items():
        if old not in dropped:
            new_names.setdefault(old, []).append(rename.get(old, new))
    _check_rename(rename, checkpoint, new_names)
    infos = [info for info in in_file_order(checkpoint) if info.name in new_names]
    casts = _plan_casts(checkpoint, infos, dtype)
    steps = [
        _Step(info, new, casts.get(info.name))
        for info in infos
        for new in new_names[info.name]
    ]
    _check_distinct(steps)
    return steps


def _check_readable(checkpoint: Checkpoint, steps: Iterable[_Step]) -> None:
    for step in steps:
        if step.info.problem is not None:
            try:
                checkpoint.byte_runs(step.info.name)
            except UnsupportedError as error:
                message = f"{error}; drop={[step.info.name]!r} leaves it out"
                raise UnsupportedError(message, tensor=step.info.name) from None


def _match(checkpoint: Checkpoint, patterns: Iterable[str]) -> list[str]:
    names = list(checkpoint)
    slots = {name: slot for slot, name in enumerate(names)}
    return list(select_names(patterns, names, slots.get))


def _select(
    checkpoint: Checkpoint, select: Iterable[str] | Mapping[str, str] | None
) -> Mapping[str, str]:
    """Gives {new name: name in the checkpoint}."""
    if isinstance(select, Mapping):
        for old in select.values():
            checkpoint.info(old)  # a KeyError names the closest names
        return select
    names = checkpoint if select is None else _match(checkpoint, select)
    return {name: name for name in names}


def _plan_casts(
    checkpoint: Checkpoint,
    infos: Iterable[TensorInfo],
    dtype: DType | Mapping[str, DType] | None,
) -> dict[str, np.dtype[Any]]:
    """Gives the new dtype of the tensors that get one."""
    if dtype is None:
        return {}
    wanted: dict[str, np.dtype[Any]] = {}
    if isinstance(dtype, Mapping):
        for pattern, target in dtype.items():
            for name in _match(checkpoint, [pattern]):
                wanted.setdefault(name, to_dtype(target))
    else:
        target = to_dtype(dtype)
        wanted = {info.name: target for info in infos if is_floating(info.dtype)}
    casts = {
        info.name: (info.dtype, wanted[info.name])
        for info in infos
        if info.name in wanted and info.dtype != wanted[info.name]
    }
    for name, (old, new) in casts.items():
        check_cast(name, old, new)
    return {name: new for name, (_, new) in casts.items()}


def _check_rename(
    rename: Mapping[str, str], checkpoint: Checkpoint, kept: Container[str]
) -> None:
    for old in rename:
        checkpoint.info(old)
        if old not in kept:
            raise ValueError(f"{old!r} is to be renamed, but it is left out")


def _check_distinct(steps: Iterable[_Step]) -> None:
    seen: dict[str, str] = {}
    for step in steps:
        if step.new in seen:
            old = f"{seen[step.new]!r} and {step.info.name!r}"
            raise ValueError(f"both {old} would be named {step.new!r}")
        seen[step.new] = step.info.name
