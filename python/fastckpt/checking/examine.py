"""What is wrong with a checkpoint, or with a folder of them: ``examine``."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fastckpt.base.cast import is_floating
from fastckpt.base.progress import Counter, ProgressArgument, counting
from fastckpt.checking.leftovers import UnfinishedSave, find_unfinished
from fastckpt.checking.statistics import measure
from fastckpt.checking.surroundings import (
    POINT_TO_NOTES,
    find_around,
    list_prefixes,
    weigh,
)
from fastckpt.checking.unfinished import is_recoverable, note_of
from fastckpt.errors import CheckpointError
from fastckpt.files.resolve import resolve
from fastckpt.files.urls import (
    UrlError,
    public_name,
    remote_url,
    source_path,
    wholes_of,
)
from fastckpt.reading.checkpoint import Checkpoint, open
from fastckpt.reading.findings import find_missing_shard, why_not_opened
from fastckpt.reading.results import Finding
from fastckpt.reading.stored_files import CheckpointFiles

if TYPE_CHECKING:
    from fastckpt.files.urls import PathName

__all__ = ["Examination", "examine"]

_NOT_FINITE = (
    "the file is as it was saved; where no such values are meant to be, the training "
    "went wrong, and an earlier checkpoint may be from before"
)
_OTHER_SAVE = (
    "this index does not read it; it is of another save under this name, earlier or "
    "later, and whether anything needs it cannot be told"
)


@dataclass
class Examination:
    """What was found out about a checkpoint, or about a folder.

    Attributes:
        path: The checkpoint's prefix, or the folder.
        format: "v1" or "v2"; None: a folder, or what cannot be opened.
        tensors: How many there are.
        findings: What is wrong; of a folder with any checkpoint in it, too.
        lost: The names of the tensors that cannot be read as the files are.
        notes: What is odd and does no harm.
        recoverable: Of the notes, saves that did not finish and are complete; the
            note of each has the path of its first file.
        examined: Of a folder, what was found out about each checkpoint in it, and at
            last about what lies beside them.
    """

    path: str
    format: str | None = None
    tensors: int = 0
    findings: list[Finding] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)
    recoverable: list[UnfinishedSave] = field(default_factory=list)
    examined: list[Examination] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings

    def _include(self, other: Examination) -> None:
        """Adds a part of a folder."""
        self.examined.append(other)
        self.tensors += other.tensors
        self.findings += other.findings
        self.lost += [name for name in other.lost if name not in set(self.lost)]
        self.notes += other.notes
        self.recoverable += other.recoverable

    def _note(self, saves: list[UnfinishedSave]) -> None:
        self.notes += map(note_of, saves)
        self.recoverable += filter(is_recoverable, saves)


def examine(
    path: PathName,
    values: bool = False,
    *,
    threads: int | None = None,
    progress: ProgressArgument = None,
) -> Examination:
    """Finds out what is wrong with a checkpoint, or with a folder of them.

    Every block and every tensor is checked, and what saves that did not finish have
    left is looked at. Of a folder, every checkpoint in it is examined, its state file,
    and data files without an index. Nothing is changed.

    Args:
        path: What ``open`` accepts; of a folder all that is in it; of a URL the
            checkpoint alone.
        values: Whether to look for NaN and infinities, too.
        threads, progress: As in ``Checkpoint.load``.

    Returns:
        Plain values. Damage of every kind is told by them, not raised.

    Raises:
        FileNotFoundError: There is no checkpoint.
        OSError: A folder cannot be listed, or an index cannot be read.
    """
    if (url := remote_url(path)) is not None:
        with counting(progress, 1 + values) as counter:
            return _examine_checkpoint(url, _Look(values, threads, counter))
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


def _examine_folder(
    folder: str, values: bool, threads: int | None, progress: ProgressArgument
) -> Examination:
    prefixes = list_prefixes(folder)
    saves = find_unfinished(folder, threads)
    around = Examination(folder, findings=list(find_around(folder, saves)))
    if not (prefixes or around.findings or saves):
        resolve(folder)  # raises, and says what was looked for
    whole = Examination(folder)
    with counting(progress, sum(map(weigh, prefixes)) * (1 + values)) as counter:
        look = _Look(values, threads, counter)
        for prefix in prefixes:
            whole._include(_examine_checkpoint(prefix, look))
    around._note(saves)
    whole._include(around)
    return whole


def _examine_one(path: str, look: _Look) -> Examination:
    """Examines one checkpoint, and what saves that did not finish left of it."""
    prefixes = (path, *wholes_of(path))
    saves = find_unfinished(os.path.dirname(path), look.threads, prefixes)
    try:
        found = _examine_checkpoint(path, look)
    except FileNotFoundError as error:
        if not saves:
            raise
        message, advice = f"{path}: {error.strerror}", POINT_TO_NOTES
        missing = Finding("missing file", message, advice, path)
        found = Examination(path, findings=[missing])
    found._note(saves)
    return found


def _examine_checkpoint(path: str, look: _Look) -> Examination:
    try:
        with open(path, threads=look.threads) as checkpoint:
            weight = 1 if checkpoint._remote else weigh(path)
            return _examine_opened(checkpoint, weight, look)
    except UrlError:
        raise
    except CheckpointError as error:
        path = public_name(path) if remote_url(path) else path
        return Examination(path, findings=[why_not_opened(path, error)])
    except FileNotFoundError as error:
        found = find_missing_shard(path, error)
        if found is None:
            raise
        return Examination(path, findings=[found])


def _examine_opened(checkpoint: Checkpoint, weight: int, look: _Look) -> Examination:
    findings = checkpoint.verify(progress=_share(look.counter, weight)).findings
    lost = {name for finding in findings for name in finding.tensors}
    if look.values:
        progress = _share(look.counter, weight)
        findings = [*findings, *_find_not_finite(checkpoint, lost, progress)]
    return Examination(
        checkpoint.path,
        checkpoint.format,
        len(checkpoint),
        findings,
        [name for name in checkpoint if name in lost],
        list(_find_strangers(checkpoint)),
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
    threads = checkpoint._count(None)
    for name, (moments, _) in measure(checkpoint, names, threads, progress).items():
        if moments.nan or moments.inf:
            total = moments.count + moments.nan + moments.inf
            what = f"{moments.nan:,} NaN and {moments.inf:,} infinite of {total:,}"
            message = f"{checkpoint.path}: tensor {name!r} has {what} values"
            yield Finding("not finite", message, _NOT_FINITE, tensors=(name,))


def _find_strangers(checkpoint: Checkpoint) -> Iterator[Finding]:
    for path in CheckpointFiles(checkpoint).strangers:
        message = f"{path}: the index is of another number of data files"
        yield Finding("other save", message, _OTHER_SAVE, path)
