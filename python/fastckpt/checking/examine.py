"""What is wrong with a checkpoint, or with a folder of them: ``examine``."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

from fastckpt.base.cast import is_floating
from fastckpt.base.progress import Counter, ProgressArgument, counting
from fastckpt.checking.examination import Examination
from fastckpt.checking.leftovers import find_unfinished
from fastckpt.checking.orphans import find_orphan
from fastckpt.checking.stamps import stamp_of
from fastckpt.checking.statistics import measure
from fastckpt.checking.surroundings import (
    POINT_TO_NOTES,
    UNREADABLE,
    find_around,
    find_newest,
    list_named,
    list_prefixes,
    weigh,
)
from fastckpt.errors import CheckpointError
from fastckpt.files.resolve import resolve
from fastckpt.files.urls import (
    UrlError,
    remote_url,
    source_path,
    told_name,
    wholes_of,
)
from fastckpt.reading.causes import Cause
from fastckpt.reading.checkpoint import Checkpoint, open
from fastckpt.reading.damaged_files import count, name_some
from fastckpt.reading.results import Finding
from fastckpt.reading.stored_files import CheckpointFiles
from fastckpt.reading.unopened import find_missing_shard, why_not_opened

if TYPE_CHECKING:
    from fastckpt.files.urls import PathName

__all__ = ["examine"]

_NOT_FINITE = (
    "the file is as it was saved; where no such values are meant to be, the training "
    "went wrong, and an earlier checkpoint may be from before"
)
_OTHER_SAVE = (
    "this index does not read it; it is of another save under this name, earlier or "
    "later, and whether anything needs it cannot be told"
)


def examine(
    path: PathName,
    values: bool = False,
    *,
    threads: int | None = None,
    progress: ProgressArgument = None,
    storage_options: Mapping[str, Any] | None = None,
) -> Examination:
    """Finds out what is wrong with a checkpoint, or with a folder of them.

    Every block and every tensor is checked, and what saves that did not finish have
    left is looked at. Of a folder, every checkpoint in it is examined, its state file
    and what that names, and data files without an index. Nothing is changed.

    Args:
        path: What ``open`` accepts; of a folder all that is in it; of a URL the
            checkpoint alone.
        values: Whether to look for NaN and infinities, too.
        threads, progress: As in ``Checkpoint.load``.
        storage_options: As in ``open``.

    Returns:
        Plain values. Damage of every kind is told by them, not raised.

    Raises:
        FileNotFoundError: There is no checkpoint.
        OSError: A folder cannot be listed, or the index of the checkpoint that was
            named cannot be read.
    """
    if (url := remote_url(path)) is not None:
        with counting(progress, 1 + values) as counter:
            return _examine_checkpoint(
                url, _Look(values, threads, counter, storage_options)
            )
    place = os.fsdecode(source_path(path))
    with warnings.catch_warnings():
        # That a checkpoint was found under other names is said by the notes.
        warnings.simplefilter("ignore", RuntimeWarning)
        if not os.path.isdir(place) or os.path.isfile(f"{place}.index"):
            with counting(progress, weigh(place) * (1 + values)) as counter:
                return _examine_one(place, _Look(values, threads, counter))
        return _examine_folder(place, values, threads, progress)


@dataclass(frozen=True)
class _Look:
    """How checkpoints are looked at."""

    values: bool
    threads: int | None
    counter: Counter
    storage_options: Mapping[str, Any] | None = None


def _examine_folder(
    folder: str, values: bool, threads: int | None, progress: ProgressArgument
) -> Examination:
    prefixes = list_prefixes(folder)
    prefixes += list_named(folder, prefixes)
    with counting(progress, sum(map(weigh, prefixes)) * (1 + values)) as counter:
        look = _Look(values, threads, counter)
        stamps = {prefix: stamp_of(prefix) for prefix in prefixes}
        parts = [_examine_of_folder(prefix, look) for prefix in prefixes]
    saves = find_unfinished(folder, threads)
    parts = _leave_out_renamed(parts)
    told = [finding for part in parts for finding in part.findings]
    broken = {part.path for part in parts if not part.ok}
    sound = [part.path for part in parts if part.ok and part.tensors]
    newest = find_newest(folder, sound)
    around = Examination(folder)
    around.findings += find_around(folder, saves, told, broken, newest)
    if not (prefixes or around.findings or saves):
        resolve(folder)  # raises, and says what was looked for
    around.note(saves, told)
    whole = Examination(folder, newest=newest, _stamp=stamps.get(newest or "", ()))
    whole.include([*parts, around])
    return whole


def _examine_of_folder(prefix: str, look: _Look) -> Examination:
    """Examines one of several, which are told though the system keeps this one back."""
    try:
        return _examine_checkpoint(prefix, look)
    except OSError as error:
        path = os.fsdecode(error.filename or prefix)
        finding = Finding(Cause.UNREADABLE_FILE, f"{prefix}: {error}", UNREADABLE, path)
        return Examination(prefix, findings=[finding])


def _leave_out_renamed(parts: list[Examination]) -> list[Examination]:
    """Leaves out files that look like checkpoints, and are files of others."""
    told = [finding for part in parts for finding in part.findings]
    renamed = {it.path for it in told if it.cause == Cause.RENAMED_FILE}
    return [it for it in parts if it.format is not None or it.path not in renamed]


def _examine_one(path: str, look: _Look) -> Examination:
    """Examines one checkpoint, and what saves that did not finish left of it."""
    prefixes = (path, *wholes_of(path))
    saves = find_unfinished(os.path.dirname(path), look.threads, prefixes)
    try:
        found = _examine_checkpoint(path, look)
    except FileNotFoundError as error:
        orphans = [it for it in map(find_orphan, prefixes) if it is not None]
        if saves:
            message, advice = f"{path}: {error.strerror}", POINT_TO_NOTES
            orphans = [Finding(Cause.MISSING_FILE, message, advice, path)]
        elif not orphans:
            raise
        found = Examination(path, findings=orphans[:1])
    found.note(saves, found.findings)
    return found


def _examine_checkpoint(path: str, look: _Look) -> Examination:
    try:
        with open(
            path, threads=look.threads, storage_options=look.storage_options
        ) as checkpoint:
            weight = 1 if checkpoint._remote else weigh(path)
            return _examine_opened(checkpoint, weight, look)
    except UrlError:
        raise
    except CheckpointError as error:
        orphan = None if remote_url(path) else find_orphan(path)
        path = told_name(path)
        found = orphan or why_not_opened(path, error)
        return Examination(path, findings=[found])
    except FileNotFoundError as error:
        missing = find_missing_shard(path, error)
        if missing is None:
            raise
        return Examination(told_name(path), findings=[missing])


def _examine_opened(checkpoint: Checkpoint, weight: int, look: _Look) -> Examination:
    findings = checkpoint.verify(progress=_share(look.counter, weight)).findings
    lost = {name for finding in findings for name in finding.tensors}
    if look.values:
        progress = _share(look.counter, weight)
        findings = [*findings, *_find_not_finite(checkpoint, lost, progress)]
    is_told = any(it.cause == Cause.OTHER_INDEX for it in findings)
    return Examination(
        checkpoint.path,
        checkpoint.format,
        len(checkpoint),
        findings,
        [name for name in checkpoint if name in lost],
        [] if is_told else list(_find_strangers(checkpoint)),
    )


def _share(counter: Counter, weight: int) -> Callable[[int, int], None]:
    """Gives what counts a call that has so much of all there is to do."""
    before = counter.done

    def reach(done: int, total: int) -> None:
        counter.reach(before + (weight * done // total if total else weight))

    return reach


def _find_not_finite(
    checkpoint: Checkpoint, lost: set[str], progress: ProgressArgument
) -> Iterator[Finding]:
    """Finds tensors with NaN or infinities among those that can be read."""
    names = [
        info.name
        for info in checkpoint.infos()
        if info.problem is None
        and info.name not in lost
        and info.dtype is not None
        and (info.dtype.kind == "c" or is_floating(info.dtype))
    ]
    measured = measure(checkpoint, names, None, progress, with_histogram=False)
    of = {name: it for name, it in measured.items() if it.nan or it.inf}
    if not of:
        return
    nan, inf = (sum(it.nan for it in of.values()), sum(it.inf for it in of.values()))
    total = sum(prod(checkpoint.info(name).shape) for name in of)
    whose = f"{count(len(of))} have"
    if len(of) == 1:
        whose = f"tensor {next(iter(of))!r} has"
    what = f"{nan:,} NaN and {inf:,} infinite of {total:,} values"
    message = f"{checkpoint.path}: {whose} {what}"
    if len(of) > 1:
        message += f": {name_some(list(of))}"
    yield Finding(Cause.NOT_FINITE, message, _NOT_FINITE, tensors=tuple(of))


def _find_strangers(checkpoint: Checkpoint) -> Iterator[Finding]:
    for path in CheckpointFiles(checkpoint).strangers:
        message = f"{path}: the index is of another number of data files"
        yield Finding(Cause.OTHER_SAVE, message, _OTHER_SAVE, path)
