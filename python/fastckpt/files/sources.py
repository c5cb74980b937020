"""Which checkpoints a call means that takes several: each once, however it is named.

A shell expands ``run/model.ckpt-*`` to every file of every checkpoint; a state file or
a folder among them stands for the latest.
"""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from fastckpt.base.callers import callers_level
from fastckpt.base.deferred import importing
from fastckpt.errors import CorruptionError
from fastckpt.files.discover import checkpoints_in, orphans_in
from fastckpt.files.find import PathName, Resolved, find, is_file
from fastckpt.files.fitting import is_leftover
from fastckpt.files.resolve import resolve
from fastckpt.files.state_file import STATE_NAME, CheckpointState, read_state
from fastckpt.files.urls import public_name, remote_url, source_path, told_name

__all__ = [
    "HasPath",
    "Source",
    "newest_sources",
    "others_beside",
    "sort_by_age",
    "unique_sources",
]

_SHARDS = re.compile(r"-\?+-of-[0-9]+$")
_NUMBERED = re.compile(r"(.*?)([0-9]+)([^0-9]*)", re.DOTALL)

_Identity = tuple[tuple[int, int] | str, ...]


class HasPath(Protocol):
    """An open checkpoint."""

    @property
    def path(self) -> str:
        """The checkpoint's prefix."""


class Source(NamedTuple):
    """A checkpoint, and how it was named first.

    Attributes:
        format: "v2" or "v1".
        prefix: The checkpoint's name as TensorFlow takes it.
        given: What the caller gave.
        is_latest: Whether only a folder or a state file led to it.
        found: Its files; what is behind a URL is opened by them: the prefix has no
            credentials.
    """

    format: str
    prefix: str
    given: PathName | HasPath
    is_latest: bool
    found: Resolved


def unique_sources(
    sources: Iterable[PathName | HasPath],
    storage_options: Mapping[str, Any] | None = None,
) -> list[Source]:
    """Gives the checkpoints that some sources name, each once, in their order.

    Two names are of one checkpoint where they lead to the same files: by another of
    its files, through links, or by way of a folder or state file whose latest it is.

    Args:
        sources: What ``open`` accepts, and open checkpoints.
        storage_options: What the file systems of URLs are made with.

    Raises:
        ValueError: A source is what a save left that did not end.
        FileNotFoundError: Nothing is there.
        CorruptionError: What is there is no checkpoint.
        OSError: What is there cannot be read.
    """
    unique: dict[_Identity, Source] = {}
    for given in sources:
        found, is_latest = _resolved(given, storage_options)
        key = _identity(found)
        if key not in unique:
            unique[key] = Source(found.format, found.prefix, given, is_latest, found)
        elif not is_latest:
            unique[key] = unique[key]._replace(is_latest=False)
    return list(unique.values())


def others_beside(source: Source) -> list[str]:
    """Gives the prefixes of the other checkpoints in a checkpoint's folder."""
    if source.found.remote is not None:
        with importing:
            from fastckpt.files.remote_state import remote_others

        return remote_others(source.found.remote.store, source.prefix)
    found = resolve(source.prefix)
    others = _by_age(os.path.dirname(found.prefix))
    return [it.prefix for it in others if _identity(it) != _identity(found)]


def newest_sources(
    source: PathName | HasPath,
    count: int,
    storage_options: Mapping[str, Any] | None = None,
) -> list[Source]:
    """Gives the newest checkpoints of a folder, the newest last.

    The newest is the one that opens by the folder's name: what the state file calls
    the latest. Before it come those of the state file's list, in its order, and before
    these the others of the folder that are older. Which are older, and which is the
    newest where there is no state file, the last numbers in the names tell where
    nothing else in the names differs, else the times at which they were written. What
    the state file lists and is gone does not count.

    Args:
        source: A folder, or its state file.
        count: How many, at least 1.
        storage_options: What a URL's file system is made with.

    Raises:
        ValueError: It is neither, or fewer are there; those are named.
        CorruptionError: The state file is damaged.
        OSError: The folder cannot be read.

    Warns:
        UserWarning: One that lost its index may be newer than the oldest of them.
    """
    if isinstance(source, str | bytes | os.PathLike) and remote_url(source):
        with importing:
            from fastckpt.files.remote_state import remote_listed

        folder = os.fsdecode(source)
        found = remote_listed(folder, storage_options)
        folder = told_name(folder)
    else:
        folder, state = _folder_of(source)
        found = _by_age(folder)
        if state is not None:
            found = _as_listed(state, found)
    if len(found) < count:
        named = ", ".join(repr(it.prefix) for it in found) or "none"
        raise ValueError(
            f"the newest {count} checkpoints of {folder!r} are wanted, and it has "
            f"{len(found)} (older than its latest, and that): {named}"
        )
    newest = found[len(found) - count :]
    if newest[0].remote is None:
        _warn_of_orphans(folder, newest[0])
    return [Source(it.format, it.prefix, it.prefix, False, it) for it in newest]


def _resolved(
    given: PathName | HasPath, options: Mapping[str, Any] | None
) -> tuple[Resolved, bool]:
    """Resolves a source, and tells whether a folder or state file led to it."""
    if not isinstance(given, str | bytes | os.PathLike):
        return _found_open(given), False
    if remote_url(given) is not None:
        found = resolve(given, options)
        return found, not public_name(os.fsdecode(given)).startswith(_stem_of(found))
    name = source_path(given)
    if is_leftover(name) and is_file(name):
        raise ValueError(
            f"{name!r} is what a save left that did not end, no checkpoint of its own; "
            "leave it out, or rename it first ('fastckpt doctor' tells what it is)"
        )
    found = resolve(given)
    return found, _is_indirect(name, found)


def _is_indirect(name: str, found: Resolved) -> bool:
    if os.path.isdir(name) and not is_file(f"{name}.index"):
        return True
    stem = _stem_of(found)
    is_part = name.startswith(stem) and name[len(stem) :][:1] in ("", ".", "-")
    return is_file(name) and not is_part


def _stem_of(found: Resolved) -> str:
    return _SHARDS.sub("", found.prefix).removesuffix(".ckpt")


def _found_open(given: HasPath) -> Resolved:
    remote = getattr(given, "_remote", None)
    if remote is None:
        return resolve(given.path)
    files = list(getattr(given, "files", ()))
    found = Resolved(getattr(given, "format", ""), given.path, files)
    with importing:
        from fastckpt.files.remote_resolve import Elsewhere

    return Elsewhere.found_by(remote, found)


def _identity(found: Resolved) -> _Identity:
    if found.remote is not None:
        return tuple(found.files)
    stats = map(os.stat, found.files)
    return tuple((it.st_dev, it.st_ino) for it in stats)


def _folder_of(source: PathName | HasPath) -> tuple[str, CheckpointState | None]:
    """Gives a folder that was named, also by its state file, and what that says."""
    if isinstance(source, str | bytes | os.PathLike):
        name = source_path(source)
        if os.path.isdir(name):
            return name, read_state(os.path.join(name, STATE_NAME), name)
        folder, base = os.path.split(name)
        try:
            state = read_state(name, folder)
        except CorruptionError:
            if base == STATE_NAME:
                raise
            state = None
        if state is not None:
            return folder, state
    raise ValueError(f"the newest checkpoints are those of a folder, not of {source!r}")


def _warn_of_orphans(folder: str, oldest: Resolved) -> None:
    since = os.stat(oldest.files[0]).st_mtime_ns
    number = _number_of(oldest.prefix)
    for prefix, file in orphans_in(folder).items():
        own = _number_of(prefix)
        is_newer = os.stat(file).st_mtime_ns >= since
        if number is not None and own is not None and own[::2] == number[::2]:
            is_newer = int(own[1]) > int(number[1])
        if is_newer:
            warnings.warn(
                f"{prefix!r} has lost its index and does not count: an older "
                "checkpoint is among the newest in its place",
                UserWarning,
                stacklevel=callers_level(),
            )


def _number_of(prefix: str) -> tuple[str, ...] | None:
    match = _NUMBERED.fullmatch(_SHARDS.sub("", os.path.basename(prefix)))
    return None if match is None else match.groups()


def sort_by_age(prefixes: Iterable[str]) -> list[str]:
    """Gives checkpoints, oldest first; those that are not there are left out.

    The last numbers in their names decide where nothing else in these differs, else
    the times at which they were written.
    """
    return [it.prefix for it in _order(map(find, prefixes))]


def _by_age(folder: str) -> list[Resolved]:
    """Gives the checkpoints of a folder, oldest first."""
    return _order(find(it) for it in checkpoints_in(folder) if not is_leftover(it))


def _order(listed: Iterable[Resolved | None]) -> list[Resolved]:
    found = [it for it in listed if it is not None]
    numbers = list_numbers([it.prefix for it in found])
    if numbers is None:
        numbers = [os.stat(it.files[0]).st_mtime_ns for it in found]
    order = sorted(range(len(found)), key=numbers.__getitem__)
    return [found[at] for at in order]


def list_numbers(prefixes: Sequence[str]) -> list[int] | None:
    """Gives the last numbers in names that differ in nothing else, else None."""
    names = [_SHARDS.sub("", os.path.basename(it)) for it in prefixes]
    parts = [match.groups() for match in map(_NUMBERED.fullmatch, names) if match]
    if len(parts) < len(names) or len({(it[0], it[2]) for it in parts}) > 1:
        return None
    return [int(number) for _, number, _ in parts]


def _as_listed(state: CheckpointState, found: list[Resolved]) -> list[Resolved]:
    """Orders checkpoints as a state file does; others go before if they are older."""
    latest, listed = state.model_checkpoint_path, state.all_model_checkpoint_paths
    resolve(latest)  # which must be there, or something older would pass for it
    if latest in listed:
        listed = listed[: len(listed) - listed[::-1].index(latest)]
    else:
        listed = [*listed, latest]
    there = {_identity(it): it for path in listed if (it := find(path)) is not None}
    known = {_identity(it): at for at, it in enumerate(found)}
    oldest = min((known[key] for key in there if key in known), default=0)
    return [*found[:oldest], *there.values()]
