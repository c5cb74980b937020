"""Everything that is still sound of a damaged checkpoint, as a new one: ``salvage``."""

from __future__ import annotations

import errno
import os
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from fastckpt.checking.remains import (
    Remains,
    find_in_folder,
    find_parted,
    find_remains,
)
from fastckpt.checking.rescue import Job, rescue
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
        unproved: Of those that are saved, the tensors of which the bytes alone are
            proved, each with what is not: "name, type and shape", or "type and
            shape" where the object graph has its name.
        is_whole: Whether no more can be lost than ``lost`` names.
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
    job = Job(target, trusted, fsync, threads, progress)
    first: CheckpointError | OSError | None = None
    with warnings.catch_warnings():
        # Where files were read that lie aside is told by the report.
        warnings.simplefilter("ignore", RuntimeWarning)
        for remains in _list_remains(place, threads):
            try:
                return SalvageReport(remains.prefix, target, *rescue(remains, job))
            except CheckpointError as error:
                first = first or error
            except OSError as error:
                if os.fsdecode(error.filename or target).startswith(target):
                    raise  # it could not be written
                first = first or error
        if first is None:
            resolve(place)  # raises, and says what was looked for
            first = FileNotFoundError(errno.ENOENT, "no checkpoint is there", place)
    raise first


def _list_remains(place: str, threads: int | None) -> Iterator[Remains]:
    if not os.path.isdir(place) or is_file(f"{place}.index"):
        named = _find_named(place)
        if named is not None:
            yield from find_remains(named, threads)
        if named != place:
            yield from find_remains(place, threads)
        return
    if prefix := find_parted(place):
        yield from find_remains(prefix, threads)
        return
    for prefix in find_in_folder(place):
        yield from find_remains(prefix, threads)


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
    if exists(target) or data_files(target) or os.path.lexists(target):
        reason = "a checkpoint has this name; give a name that is free"
        raise FileExistsError(errno.EEXIST, reason, target)
