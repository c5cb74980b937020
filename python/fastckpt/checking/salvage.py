"""Everything that is still sound of a damaged checkpoint, as a new one: ``salvage``."""

from __future__ import annotations

import errno
import functools
import os
import warnings
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from fastckpt.checking.leftovers import find_unfinished
from fastckpt.checking.remains import (
    Remains,
    find_in_folder,
    find_parted,
    find_remains,
)
from fastckpt.checking.rescue import Job, NotWritten, Refuted, Rescued, rescue
from fastckpt.checking.siblings import find_sibling
from fastckpt.errors import CheckpointError
from fastckpt.files.find import data_files, exists, is_file
from fastckpt.files.resolve import resolve
from fastckpt.files.urls import source_path, target_prefix, wholes_of

if TYPE_CHECKING:
    from fastckpt.base.progress import ProgressArgument
    from fastckpt.files.urls import PathName
    from fastckpt.writing.writer import StrPath

__all__ = ["SalvageReport", "salvage"]


class SalvageReport(NamedTuple):
    """What became of a damaged checkpoint.

    Attributes:
        source: The checkpoint that it was about.
        path: The one that was written.
        saved: The names of the tensors that are in it.
        lost: The names of those that are not, as far as they are known.
        repaired: What had to be mended, or taken for something else, in sentences.
        unproved: Of those that are saved, the tensors of which not all is proved,
            each with what is not: "name, type and shape"; "type and shape" where
            the object graph has its name; "name, type, shape and bytes" where a
            sibling was trusted.
        is_whole: Whether no more can be lost than ``lost`` names. Where a name is
            unproved the right one may be; where a newer checkpoint of a folder was
            passed over all of that is.
    """

    source: str
    path: str
    saved: list[str]
    lost: list[str]
    repaired: list[str]
    unproved: dict[str, str]
    is_whole: bool

    @property
    def ok(self) -> bool:
        """Whether all of it was saved."""
        return self.is_whole and not self.lost


def salvage(
    path: PathName,
    to: StrPath,
    trust_sibling: PathName | None = None,
    *,
    fsync: bool = True,
    threads: int | None = None,
    progress: ProgressArgument = None,
) -> SalvageReport:
    """Writes everything that is sound of a damaged checkpoint as a new one.

    The source is not changed. Damage of data leaves out the tensors that it spoils,
    and the object graph that is written fits what is left. A damaged index is mended
    where that can be proved: one flipped bit, blocks that are sound, entries that
    agree with the data. Files of saves that did not finish are read under the names
    that they were to have.

    Args:
        path: A checkpoint, also one without an index; a folder, of which the newest
            is taken that can be saved; the prefix of a save that did not finish.
        to: A prefix that is free.
        trust_sibling: Another save of the same tensors, whose index is taken for one
            that is lost, although nothing proves its names. Sizes of files and of
            strings must agree.
        fsync: Whether everything is on the disk before the checkpoint appears.
        threads, progress: As in ``Checkpoint.load``.

    Returns:
        Plain values.

    Raises:
        CheckpointError: Nothing of it can be saved.
        FileNotFoundError: Nothing is there.
        FileExistsError: ``to`` is the name of a checkpoint.
        OSError: A file cannot be read or written.
    """
    place = os.fsdecode(source_path(path))
    target = target_prefix(to)
    _check_free(target, place)
    trusted = None
    if trust_sibling is not None:
        trusted = find_sibling(source_path(trust_sibling))
    check_free = functools.partial(_check_free, target, place)
    job = Job(target, check_free, trusted, fsync, threads, progress)
    with warnings.catch_warnings():
        # Where files were read that lie aside is told by the report.
        warnings.simplefilter("ignore", RuntimeWarning)
        try:
            prefix, rescued = _rescue_newest(place, job)
        except NotWritten as failed:
            raise failed.error from None
    return SalvageReport(prefix, target, *rescued)


def _rescue_newest(place: str, job: Job) -> tuple[str, Rescued]:
    """Rescues the first of which anything can be had, and tells what it passed over."""
    passed: dict[str, CheckpointError | OSError | None] = {}
    for name, remains in _list_remains(place, job.threads):
        try:
            found = _rescue_one(remains, job)
        except (CheckpointError, OSError) as error:
            passed[name] = error
            continue
        if found is None:
            passed[name] = None
            continue
        prefix, rescued = found
        if not passed:
            return prefix, rescued
        told = [
            f"{name}: passed over: {why or 'no file of it can be read'}"
            for name, why in passed.items()
        ]
        repaired = [*told, *rescued.repaired]
        return prefix, rescued._replace(repaired=repaired, is_whole=False)
    for why in filter(None, passed.values()):
        raise why
    resolve(place)  # raises, and says what was looked for
    raise FileNotFoundError(errno.ENOENT, "no checkpoint is there", place)


def _rescue_one(remains: Iterator[Remains], job: Job) -> tuple[str, Rescued] | None:
    """Rescues the first of one checkpoint's remains of which anything can be had."""
    first: CheckpointError | OSError | None = None
    refuted: set[str] = set()
    indexes: set[str] = set()
    for each in remains:
        if indexes and each.parts and not each.parts[0].path:
            continue  # an index is there, which proves that this is not its data
        try:
            rescued = rescue(each, job)
        except Refuted as found:
            refuted |= found.names
            indexes.update(_indexes_of(each))
            first = first or found.error
        except (CheckpointError, OSError) as error:
            first = first or error
        else:
            if indexes and not indexes.issuperset(_indexes_of(each)):
                rescued = _add_refuted(each, rescued, refuted)
            return each.prefix, rescued
    if first is not None:
        raise first
    return None


def _indexes_of(remains: Remains) -> Iterable[str]:
    """Gives the files that name tensors."""
    if remains.sound is not None:
        return remains.sound.files
    return remains.v1 or (part.path for part in remains.parts)


def _add_refuted(remains: Remains, rescued: Rescued, names: set[str]) -> Rescued:
    """Adds what an index names of which nothing is left, not even what was saved."""
    told = (
        f"{remains.prefix}: nothing is left of what its index names; what is saved may "
        "be of another save"
    )
    lost = dict.fromkeys((*rescued.lost, *sorted(names - set(rescued.saved))))
    repaired = [told, *rescued.repaired]
    return rescued._replace(repaired=repaired, lost=list(lost), is_whole=False)


def _list_remains(
    place: str, threads: int | None
) -> Iterator[tuple[str, Iterator[Remains]]]:
    """Gives checkpoints, the newest first, each with what is left of it."""
    if os.path.isdir(place) and not is_file(f"{place}.index"):
        parted = find_parted(place)
        for prefix in [parted] if parted else find_in_folder(place):
            yield prefix, find_remains(prefix, threads)
        return
    names = dict.fromkeys((_find_named(place) or place, place))
    yield place, chain.from_iterable(find_remains(name, threads) for name in names)


def _find_named(place: str) -> str | None:
    """Gives the prefix that is named by a state file, a part or itself, if any is."""
    try:
        return resolve(place).prefix
    except (CheckpointError, OSError):
        return None


def _check_free(target: str, source: str) -> None:
    """Refuses to write over anything, the source above all.

    Raises:
        FileExistsError: Something has the name.
    """
    is_source = any(
        os.path.realpath(target) == os.path.realpath(name)
        for name in (source, *wholes_of(source))
    )
    if is_source:
        reason = "that is the source, which is kept as it is; give a name that is free"
        raise FileExistsError(errno.EEXIST, reason, target)
    own = (target, f"{target}.index")
    if exists(target) or data_files(target) or any(map(os.path.lexists, own)):
        reason = "a checkpoint has this name; give a name that is free"
        raise FileExistsError(errno.EEXIST, reason, target)
    folder = os.path.dirname(target)
    if not os.path.isdir(folder or os.curdir):
        return
    # Of what a killed save was writing only that counts which can be read.
    left = find_unfinished(folder, only=[target])
    if any(save.parts or save.kind != ".tmp" for save in left):
        reason = "a save that did not finish left files of this name; give another"
        raise FileExistsError(errno.EEXIST, reason, target)
