"""Remains of a checkpoint: opened, mended where need be, and what is sound copied."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np

from fastckpt import _native
from fastckpt.base.arguments import encode_name
from fastckpt.base.cast import Losses
from fastckpt.base.progress import ProgressArgument, watch
from fastckpt.checking.byte_order import doubt_order
from fastckpt.checking.graph_names import GraphNames, is_unreadable
from fastckpt.checking.remains import Remains
from fastckpt.checking.siblings import Sibling, choose_sibling
from fastckpt.editing.plan import plan
from fastckpt.editing.rewrite import Target, write
from fastckpt.editing.stored_slices import count_shards
from fastckpt.errors import CheckpointError, CorruptionError
from fastckpt.files.find import Resolved
from fastckpt.objects.message import GRAPH_KEY
from fastckpt.reading.checkpoint import Checkpoint, open_found
from fastckpt.reading.options import MAX_INDEX_BYTES, Options
from fastckpt.writing.storable import stored

__all__ = ["Job", "NotWritten", "Refuted", "Rescued", "rescue"]

_NAME = "name, type and shape"
# Where a sibling is trusted no checksum covers anything.
_ALL = "name, type, shape and bytes"


class Refuted(Exception):
    """An index was read, and nothing of its data is sound: this is not its data.

    Attributes:
        error: What is told of it.
        names: The tensors that it names.
    """

    def __init__(self, error: CheckpointError, names: frozenset[str]) -> None:
        self.error = error
        self.names = names


class NotWritten(Exception):
    """What is sound could not be written; ``error`` says why."""

    def __init__(self, error: OSError) -> None:
        self.error = error


class Job(NamedTuple):
    """What a call asks for.

    Attributes:
        check_free: Raises if something has the target's name by now.
        trusted: The sibling that the caller trusts.
    """

    to: str
    check_free: Callable[[], None]
    trusted: Sibling | None
    fsync: bool
    threads: int | None
    progress: ProgressArgument


class Rescued(NamedTuple):
    """What became of one checkpoint, as ``SalvageReport`` has it."""

    saved: list[str]
    lost: list[str]
    repaired: list[str]
    unproved: dict[str, str]
    is_whole: bool


class _Facts(NamedTuple):
    """What is known of a checkpoint beside what its index says."""

    unproved: frozenset[str] = frozenset()
    lost: tuple[str, ...] = ()
    repaired: tuple[str, ...] = ()
    is_whole: bool = True
    is_mended: bool = False
    has_order: bool = True  # a header told the byte order
    doubt: str = _NAME  # what is not proved of those that are unproved


def rescue(remains: Remains, job: Job) -> Rescued:
    """Writes what is sound of a checkpoint's remains.

    Raises:
        CheckpointError: Nothing of them can be had.
        Refuted: Nor of any data files that no index is left of.
        NotWritten: What can be had cannot be written.
        OSError: A file cannot be read.
    """
    with _opened(remains, job) as (checkpoint, facts):
        return _save(remains, checkpoint, facts, job)


@contextmanager
def _opened(remains: Remains, job: Job) -> Iterator[tuple[Checkpoint, _Facts]]:
    options = Options(io="read", threads=job.threads)
    if remains.sound is not None:
        with open_found(remains.sound, options) as checkpoint:
            yield checkpoint, _Facts(repaired=remains.told, is_whole=remains.is_whole)
        return
    with _scratch_folder() as folder:
        try:
            found, facts = _prepare(remains, os.path.join(folder, "c"), job)
        except OSError as error:
            if os.fsdecode(error.filename or folder).startswith(folder):
                raise NotWritten(error) from error
            raise
        whole = facts.is_whole and remains.is_whole
        told = (*remains.told, *facts.repaired)
        with open_found(found, options) as checkpoint:
            yield checkpoint, facts._replace(repaired=told, is_whole=whole)


@contextmanager
def _scratch_folder() -> Iterator[str]:
    try:
        folder = TemporaryDirectory(prefix="fastckpt-")
    except OSError as error:
        raise NotWritten(error) from error
    with folder as name:
        yield name


def _prepare(remains: Remains, prefix: str, job: Job) -> tuple[Resolved, _Facts]:
    """Makes what can be opened of remains under a prefix in the scratch folder."""
    if remains.v1:
        return _mend_v1(remains, prefix)
    if remains.parts[0].path:
        return _mend_index(remains, prefix)
    return _adopt_index(remains, prefix, job)


def _mend_index(remains: Remains, prefix: str) -> tuple[Resolved, _Facts]:
    """Makes one index of those that are left, for links to the data files."""
    data = [path for part in remains.parts for path in part.data]
    index = _link(prefix, data)
    parts = [
        (os.fsencode(part.path), list(map(os.fsencode, part.data)))
        for part in remains.parts
    ]
    unproved, lost, repaired, is_whole, has_order = _native.salvage_index(
        parts, os.fsencode(index), MAX_INDEX_BYTES
    )
    known = frozenset(unproved), tuple(lost), tuple(repaired)
    return Resolved("v2", prefix, [index]), _Facts(*known, is_whole, True, has_order)


def _link(prefix: str, data: Sequence[str]) -> str:
    """Gives data files the names that they are to have; gives that of the index."""
    for shard, path in enumerate(data):
        if path:
            name = f"{prefix}.data-{shard:05d}-of-{len(data):05d}"
            os.symlink(os.path.abspath(path), name)
    return f"{prefix}.index"


def _adopt_index(remains: Remains, prefix: str, job: Job) -> tuple[Resolved, _Facts]:
    """Takes the index of a sibling for data files that have none."""
    (part,) = remains.parts
    index = _link(prefix, part.data)
    found = Resolved("v2", prefix, [index])
    sibling = choose_sibling(remains.prefix, found, job.trusted)
    if sibling.is_proved:
        told = (
            f"{remains.prefix}.index: lost, or of no use; the index of "
            f"{sibling.prefix!r} is taken, every checksum of which agrees with the "
            "data; names, types and shapes may be others"
        )
        return found, _take_names(found, told, _NAME)
    if not all(part.data):
        message = f"{remains.prefix}: without an index all data files are needed"
        raise CorruptionError(message, path=remains.prefix)
    _native.adopt_index(
        os.fsencode(sibling.path),
        list(map(os.fsencode, part.data)),
        os.fsencode(index),
        MAX_INDEX_BYTES,
    )
    told = (
        f"{remains.prefix}.index: lost, or of no use; the index of {sibling.prefix!r} "
        "is TRUSTED for names, types, shapes and places: the files are as long, and "
        "strings lie where it says; nothing else is checked"
    )
    return found, _take_names(found, told, _ALL)


def _take_names(found: Resolved, told: str, doubt: str) -> _Facts:
    """Gives what is known where every name is another checkpoint's."""
    with open_found(found) as checkpoint:
        return _Facts(frozenset(checkpoint), repaired=(told,), doubt=doubt)


def _mend_v1(remains: Remains, prefix: str) -> tuple[Resolved, _Facts]:
    """Makes tables of the sound blocks of V1 files."""
    files: list[str] = []
    repaired: list[str] = []
    is_whole = True
    for number, path in enumerate(remains.v1):
        name = f"{prefix}-{number}"
        try:
            told, whole = _native.salvage_table(os.fsencode(path), os.fsencode(name))
        except CorruptionError:
            if len(remains.v1) == 1:
                raise
            is_whole = False
            continue
        files.append(name)
        repaired += told
        is_whole = is_whole and whole
    if not files:
        message = f"{remains.prefix}: none of its files has a sound block"
        raise CorruptionError(message, path=remains.prefix)
    facts = _Facts(repaired=tuple(repaired), is_whole=is_whole, is_mended=True)
    return Resolved("v1", prefix, files), facts


def _save(remains: Remains, checkpoint: Checkpoint, facts: _Facts, job: Job) -> Rescued:
    report = checkpoint.verify(threads=job.threads)
    bad = {name for finding in report.findings for name in finding.tensors}
    bad |= set(filter(is_unreadable, facts.unproved))
    kept = [name for name in checkpoint if name not in bad]
    lost = dict.fromkeys(name for name in checkpoint if name in bad)
    graph = GraphNames(checkpoint, kept if checkpoint.format == "v2" else ())
    if facts.is_mended:
        lost |= dict.fromkeys((*facts.lost, *graph.missing))
    if graph.is_unreadable and (lost or not facts.is_whole):
        # Nothing tells what is to be forgotten in it.
        kept.remove(GRAPH_KEY)
        lost[GRAPH_KEY] = None
    if not [name for name in kept if name != GRAPH_KEY]:
        reason = f": {report.problems[0].message}" if report.problems else ""
        message = f"{remains.prefix}: no tensor of it can be saved{reason}"
        error = CorruptionError(message, path=remains.prefix)
        raise Refuted(error, frozenset((*checkpoint, *lost)))
    try:
        job.check_free()
        try:
            _write(checkpoint, kept, graph, facts, job)
        except FileExistsError:  # it came while this was written
            job.check_free()
            raise
    except OSError as error:
        raise NotWritten(error) from error
    doubted = facts.unproved & set(kept)
    unproved = dict.fromkeys(sorted(doubted), facts.doubt)
    if facts.is_mended:
        unproved = graph.find_unproved(doubted)
    if not facts.has_order:
        unproved = doubt_order(unproved, map(checkpoint.info, kept))
    # What has a wrong name now had another, which may be lost.
    doubts = " ".join(unproved.values())
    whole = facts.is_whole and not ("name" in doubts or "order" in doubts)
    for name in kept:
        lost.pop(name, None)
    return Rescued(kept, list(lost), list(facts.repaired), unproved, whole)


def _write(
    checkpoint: Checkpoint, kept: list[str], graph: GraphNames, facts: _Facts, job: Job
) -> None:
    if checkpoint.format == "v1":
        steps = plan(checkpoint, {name: name for name in kept}, (), {}, None)
        target = Target(job.to, "v1", 1, 1, job.fsync, job.threads, may_replace=False)
        write(checkpoint, steps, target, job.progress, Losses())
        return
    content = graph.fit(kept, forgets_missing=facts.is_mended)
    values: list[Any] = []
    if content is not None and GRAPH_KEY in kept:
        item = stored(GRAPH_KEY, np.array(content, object), "string")
        values = [(encode_name(GRAPH_KEY), item.dtype, item.values, item.shape, None)]
    wanted_names = set(kept)
    infos = [info for info in checkpoint.infos() if info.name in wanted_names]
    with watch(job.progress) as counter:
        _native.rewrite(
            source=checkpoint._reader,
            prefix=os.fsencode(job.to),
            names={encode_name(name): [encode_name(name)] for name in kept},
            values=values,
            shards=count_shards(checkpoint, "v2", infos),
            align=1,
            fsync=job.fsync,
            threads=job.threads or 0,
            progress=counter,
            may_replace=False,
        )
