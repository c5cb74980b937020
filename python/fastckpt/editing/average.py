"""The mean of several checkpoints."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fastckpt.base.arguments import check_count, check_prefixes
from fastckpt.base.cast import is_floating
from fastckpt.base.open_files import check_open_files
from fastckpt.base.progress import Counter, ProgressArgument, counting
from fastckpt.editing.dropped import match_dropped
from fastckpt.editing.stored_slices import (
    Part,
    count_shards,
    in_file_order,
    parts_of,
)
from fastckpt.files.find import data_files, find_whole
from fastckpt.files.replaced import check_keeps_shards
from fastckpt.files.shard_names import v1_stem
from fastckpt.files.sources import Source, newest_sources, others_beside, unique_sources
from fastckpt.files.urls import target_prefix, told_name
from fastckpt.objects.message import GRAPH_KEY
from fastckpt.reading.checkpoint import Checkpoint, open, open_found
from fastckpt.reading.options import MAX_INDEX_BYTES, Options
from fastckpt.writing.object_graph import fit_object_graph
from fastckpt.writing.writer import Writer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastckpt._native import TensorInfo
    from fastckpt.writing.writer import StrPath

__all__ = ["Averaged", "average"]

_NONE = np.dtype(object)


class Averaged(NamedTuple):
    """What `average` did.

    Attributes:
        checkpoints: The prefixes of those it averaged, each once, in their order.
        copied: The tensors that differ and have no mean (integers, strings), so that
            they are the last checkpoint's.
        spoiled: The tensors that are NaN or infinite where some checkpoint is not.
    """

    checkpoints: list[str]
    copied: list[str]
    spoiled: list[str]


def average(
    sources: Sequence[StrPath | Checkpoint],
    to: StrPath,
    *,
    drop: Iterable[str] = (),
    last: int | None = None,
    fsync: bool = True,
    threads: int | None = None,
    progress: ProgressArgument = None,
    storage_options: Mapping[str, Any] | None = None,
) -> Averaged:
    """Writes the mean of checkpoints that have the same tensors.

    A checkpoint counts once however often it is named: by several of its files, as a
    shell expands ``run/model.ckpt-*``, or by a folder or state file whose latest it is.

    Floats and complex numbers are summed in float64 and complex128; everything else
    (steps, strings, quantized weights) is taken from the last source, whose format,
    order, slices and number of data files the result has. Memory is one tensor, or one
    slice where it is partitioned. The object graph of a TensorFlow 2 checkpoint is the
    last one's, without what `drop` leaves out.

    Args:
        sources: What ``open`` accepts, and open checkpoints; at least one.
        to: A prefix.
        drop: Names and patterns of tensors to leave out, such as "*/Adam*"; they may
            differ from checkpoint to checkpoint.
        last: Averages the newest so many of a folder, which is then the only source.
            Its state file says which they are, in its order; the others of the folder
            go before. Without a state file the last numbers in the names tell, or the
            times.
        fsync: Whether everything is on the disk before the checkpoint appears.
        threads: How many threads check and copy; None: one for each CPU.
        progress: As in ``Checkpoint.load``.
        storage_options: As in ``open``, for every source that is a URL.

    Returns:
        Which checkpoints were averaged, and which tensors have no mean.

    Raises:
        ValueError: There is no source, or only the latest of several in a folder;
            fewer than `last` are there; the target is one of them, or one of several
            V1 shards; the tensors' names,
            shapes or dtypes are not the same; nothing would be left.
        TypeError: The sources are a single path.
        KeyError: A pattern in `drop` fits nothing.
        CheckpointError: A source is damaged or holds what is not supported.
        OSError: A file cannot be read or written; the destination is as it was.

    Warns:
        UserWarning: A checkpoint that would be among the `last` has lost its index.
    """
    chosen = _choose(check_prefixes("sources", sources), last, storage_options)
    to = target_prefix(to)
    _check_target(to, chosen)
    count = sum(1 + len(data_files(source.prefix)) for source in chosen)
    check_open_files(count, to, "average fewer checkpoints at a time")
    with ExitStack() as stack:
        opened = [_opened(stack, source, threads) for source in chosen]
        kept = [_kept(checkpoint, drop) for checkpoint in opened]
        for other, names in zip(opened[:-1], kept[:-1], strict=True):
            _check_alike(other, names, opened[-1], kept[-1])
        infos = [it for it in in_file_order(opened[-1]) if it.name in kept[-1]]
        graph = fit_object_graph(opened[-1], {name: [name] for name in kept[-1]})
        done = Averaged([source.prefix for source in chosen], [], [])
        kind = opened[-1].format
        shards = count_shards(opened[-1], kind, infos)
        writer = stack.enter_context(
            Writer(to, format=kind, shards=shards, fsync=fsync, threads=threads)
        )
        nbytes = sum(info.nbytes or 0 for info in infos)
        counter = stack.enter_context(counting(progress, nbytes))
        _write(opened, infos, graph, writer, done, counter)
    return done


def _choose(
    given: Sequence[StrPath | Checkpoint],
    last: int | None,
    storage_options: Mapping[str, Any] | None,
) -> list[Source]:
    """Gives the checkpoints to average, each once."""
    if not given:
        raise ValueError("an average needs at least one checkpoint")
    if last is not None:
        count = check_count("last", last)
        if len(given) > 1:
            raise ValueError(
                f"last={count} is of one folder, and {len(given)} sources are given"
            )
        return newest_sources(given[0], count, storage_options)
    chosen = unique_sources(given, storage_options)
    if (
        len(chosen) == 1
        and chosen[0].is_latest
        and (others := others_beside(chosen[0]))
    ):
        only = chosen[0].given
        name = only if isinstance(only, str | bytes | os.PathLike) else only.path
        raise ValueError(
            f"{told_name(name)} stands for its latest checkpoint alone, "
            f"{chosen[0].prefix!r}, of which the mean would be a copy, and has "
            f"{len(others)} more; last=N (--last N) averages the newest N"
        )
    return chosen


def _check_target(to: str, chosen: Iterable[Source]) -> None:
    """Refuses to take an earlier mean, at the place of the new one, for a source."""
    target = _place_of(to)
    for source in chosen:
        is_named = target in map(_place_of, {source.prefix, v1_stem(source.prefix)})
        if is_named or _is_one_file(to, source):
            raise ValueError(
                f"{to!r} is one of the checkpoints to average, maybe an earlier mean, "
                "and would be replaced; give another target, or remove it first"
            )
    found = map(find_whole, (source.prefix for source in chosen))
    check_keeps_shards(to, [it.files for it in found if it is not None])


def _is_one_file(to: str, source: Source) -> bool:
    """Tells whether both have one index, or V1 file, however it is spelled."""
    ending = ".index" if source.format == "v2" else ""
    try:
        return os.path.samefile(f"{to}{ending}", f"{source.prefix}{ending}")
    except OSError:  # one of them is not there
        return False


def _place_of(prefix: str) -> str:
    folder, base = os.path.split(prefix)
    return os.path.join(os.path.realpath(folder), base)


def _opened(stack: ExitStack, source: Source, threads: int | None) -> Checkpoint:
    """Opens a source, which is left open where the caller has opened it."""
    if isinstance(source.given, Checkpoint):
        return source.given
    if source.found.remote is not None:
        options = Options.checked("whole", "read", threads, MAX_INDEX_BYTES)
        return stack.enter_context(open_found(source.found, options))
    return stack.enter_context(open(source.prefix, io="read", threads=threads))


def _kept(checkpoint: Checkpoint, drop: Iterable[str]) -> dict[str, int]:
    names = list(checkpoint)
    slots = {name: slot for slot, name in enumerate(names)}
    dropped = match_dropped(names, drop)
    for name in dropped:
        del slots[name]
    if dropped and slots.keys() <= {GRAPH_KEY}:
        raise ValueError(
            f"all {len(names):,} tensors would be left out, nothing would be left"
        )
    return slots


def _write(
    opened: Sequence[Checkpoint],
    infos: Sequence[TensorInfo],
    graph: Mapping[str, bytes],
    writer: Writer,
    report: Averaged,
    counter: Counter,
) -> None:
    for info in infos:
        has_mean = is_floating(info.dtype) or (info.dtype or _NONE).kind == "c"
        for part in parts_of(info):
            take = _mean if has_mean and len(opened) > 1 else _last
            values = take(opened, part, report)
            if info.name in graph:
                values = np.array(graph[info.name], object)
            part.write(writer, info.name, values, info.tf_dtype)
        counter.add(info.nbytes or 0)


def _last(opened: Sequence[Checkpoint], part: Part, report: Averaged) -> NDArray[Any]:
    """Gives the last of several arrays, and notes where others differ."""
    last = part.read(opened[-1])
    if not all(np.array_equal(part.read(it), last) for it in opened[:-1]):
        _note(report.copied, part.name)
    return last


def _mean(opened: Sequence[Checkpoint], part: Part, report: Averaged) -> NDArray[Any]:
    """Gives the mean of arrays, and notes where it spoils what was a number."""
    last = part.read(opened[-1])
    total = np.zeros(last.shape, np.complex128 if last.dtype.kind == "c" else float)
    was_number = np.zeros(last.shape, bool)
    with np.errstate(all="ignore"):
        for checkpoint in opened:
            values = part.read(checkpoint)
            total += values
            was_number |= np.isfinite(values)
        total /= len(opened)
        mean = total.astype(last.dtype)
    if np.any(was_number & ~np.isfinite(mean)):
        _note(report.spoiled, part.name)
    return mean


def _note(names: list[str], name: str) -> None:
    if name not in names[-1:]:
        names.append(name)


def _check_alike(
    other: Checkpoint,
    other_names: Iterable[str],
    last: Checkpoint,
    last_names: Iterable[str],
) -> None:
    """Checks that two checkpoints have tensors of the same names and shapes."""
    sides = (
        (other, other_names, last_names, last),
        (last, last_names, other_names, other),
    )
    for one, names, others, two in sides:
        for name in names:
            if name not in others:
                raise ValueError(f"{one.path!r} has {name!r}, {two.path!r} has not")
    for name in last_names:
        old, new = other.info(name), last.info(name)
        for what in ("tf_dtype", "shape"):
            if getattr(old, what) != getattr(new, what):
                raise ValueError(
                    f"{name!r} is {old.tf_dtype} {old.shape} in {other.path!r} and "
                    f"{new.tf_dtype} {new.shape} in {last.path!r}"
                )
