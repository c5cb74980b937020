"""Several checkpoints become one: ``merge``."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from fastckpt import _native
from fastckpt.base.arguments import check_count, check_prefixes
from fastckpt.base.open_files import check_open_files, may_open
from fastckpt.base.progress import Counter, ProgressArgument, counting, watch
from fastckpt.editing.stored_slices import count_shards, in_file_order, parts_of
from fastckpt.errors import CorruptionError
from fastckpt.files.aside import open_where_found
from fastckpt.files.find import data_files
from fastckpt.files.remove import remove_files, tensor_files
from fastckpt.files.replace import lock_prefix
from fastckpt.files.replaced import check_keeps_shards
from fastckpt.files.resolve import resolve
from fastckpt.files.rivals import warn_of_kept_v1, warn_of_left_v1
from fastckpt.files.sources import Source, unique_sources
from fastckpt.files.urls import UrlError, target_prefix
from fastckpt.reading.checkpoint import Checkpoint, open_found
from fastckpt.reading.options import NO_LIMIT, Options
from fastckpt.reading.results import problem_of
from fastckpt.writing.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from fastckpt.writing.writer import StrPath

__all__ = ["merge"]


def merge(
    sources: Iterable[StrPath | Checkpoint],
    destination: StrPath,
    *,
    shards: int | None = None,
    delete_sources: bool = False,
    fsync: bool = True,
    threads: int | None = None,
    progress: ProgressArgument = None,
    storage_options: Mapping[str, Any] | None = None,
) -> None:
    """Makes one checkpoint of several, as TensorFlow's ``MergeV2Checkpoints`` does.

    Data files are hard-linked or, where that cannot be, copied; they are not read.
    A destination that is one of the sources is replaced. A checkpoint counts once
    however often it is named: by several of its files, as a shell expands
    ``run/model.ckpt-*``, through links, or by a state file whose latest it is.

    Args:
        sources: What ``open`` accepts, and open checkpoints; no tensor in two of
            them. Slices of one tensor may be in several. Where one is of V1 all are
            read, checked and written as V2, in as many data files.
        destination: Where the checkpoint goes.
        shards: Deals the tensors out to so many data files, each to the smallest so
            far, and compares their checksums; None keeps the files as they are.
        delete_sources: Whether to remove the sources' files when the result is on
            the disk, whatever `fsync` says; every byte of them is checked before. A
            source that somebody else has replaced by then stays.
        fsync: Whether everything is on the disk before the checkpoint appears.
        threads: How many threads copy and check; None for one per CPU.
        progress: As in `Checkpoint.load`. Files that are linked count as copied.
        storage_options: As in ``open``, for every source that is a URL.

    Raises:
        ValueError: There is no source, a tensor is in two of them, or their byte order
            or version differ; one that is to be deleted lies aside or is of V1; the
            destination is one of several V1 shards.
        TypeError: The sources are a single path.
        CorruptionError: A source is damaged, or was replaced or cut meanwhile.
        OSError: A source is missing, or the destination could not be written; what
            was there before is there again.
    """
    given = check_prefixes("sources", sources)
    destination = target_prefix(destination)
    check_keeps_shards(destination)
    opened = _open_each_once(given, storage_options)
    if delete_sources:
        _check_in_place(opened)
    if any(checkpoint.format == "v1" for checkpoint in opened):
        _write_values(opened, destination, shards, fsync, threads, progress)
        return
    names = _names_of(given) if delete_sources else []
    count = 0 if shards is None else check_count("shards", shards)
    if not count and any(checkpoint._remote for checkpoint in opened):
        # What lies elsewhere is no file that could be linked or copied as it is.
        count = sum(checkpoint._reader.shard_count() for checkpoint in opened)
    check_open_files(count, destination, "write fewer shards")
    warn_of_kept_v1(destination)
    with watch(progress) as counter:
        if delete_sources:
            _check_sound(opened, threads, counter)
        _native.merge(
            sources=[checkpoint._reader for checkpoint in opened],
            prefix=os.fsencode(destination),
            shards=count,
            fsync=bool(fsync or delete_sources),
            threads=0 if threads is None else check_count("threads", threads),
            progress=counter,
        )
    if delete_sources:
        merged = {checkpoint._reader.identity()[0] for checkpoint in opened}
        _delete(names, merged, os.fsdecode(destination))


def _open_each_once(
    given: Iterable[StrPath | Checkpoint],
    storage_options: Mapping[str, Any] | None,
) -> list[Checkpoint]:
    opened = []
    for source in unique_sources(given, storage_options):
        if isinstance(source.given, Checkpoint):
            opened.append(source.given)
            continue
        opened.append(_open(source))
    return opened


def _open(source: Source) -> Checkpoint:
    """Opens a checkpoint where it lies, which a save may move meanwhile."""
    options = Options(io="read", max_index_bytes=NO_LIMIT)
    if source.found.remote is not None:
        return open_found(source.found, options)
    return open_where_found(
        lambda: resolve(source.prefix), lambda found: open_found(found, options)
    )


def _write_values(
    opened: Sequence[Checkpoint],
    destination: StrPath,
    shards: int | None,
    fsync: bool,
    threads: int | None,
    progress: ProgressArgument,
) -> None:
    """Writes all values anew: what V1 stores are no bytes of V2."""
    infos = [(it, info) for it in opened for info in in_file_order(it)]
    if shards is None:
        shards = sum(count_shards(it, "v2", it.infos()) for it in opened)
        shards = shards if may_open(shards) else 1
    total = sum(info.nbytes or 0 for _, info in infos)
    with (
        Writer(destination, shards=shards, fsync=fsync, threads=threads) as writer,
        counting(progress, total) as counter,
    ):
        for checkpoint, info in infos:
            for part in parts_of(info):
                part.write(writer, info.name, part.read(checkpoint), info.tf_dtype)
            counter.add(info.nbytes or 0)


def _check_sound(
    opened: Iterable[Checkpoint], threads: int | None, counter: Counter | None
) -> None:
    """Checks every byte of what is to be deleted: linked files are not read.

    A problem that lies in no file is a part of a tensor that another source has.
    """
    for checkpoint in opened:
        count = checkpoint._count(threads)
        for problem in map(problem_of, checkpoint._reader.verify(count, counter)[1]):
            if problem.path is None:
                continue
            raise CorruptionError(
                f"{problem.message}; nothing was merged and no source deleted",
                path=problem.path,
                offset=problem.offset,
                tensor=problem.tensor,
            )


class _Name(NamedTuple):
    """A name of a source, and which index lies there."""

    prefix: str
    inode: tuple[int, int]


def _names_of(given: Iterable[StrPath | Checkpoint]) -> list[_Name]:
    """Gives all names of the sources, where one has several, too."""
    prefixes = {unique_sources([source])[0].prefix for source in given}
    return [_Name(prefix, _inode_of(prefix)) for prefix in sorted(prefixes)]


def _check_in_place(opened: Iterable[Checkpoint]) -> None:
    """Refuses to delete what a save that was killed, or is under way, set aside.

    V1 files, too, which are no data files of the result.
    """
    for checkpoint in opened:
        if checkpoint._remote is not None:
            raise UrlError(
                f"{checkpoint.path}: no source behind a URL is deleted: merge without "
                "delete_sources",
                path=checkpoint.path,
            )
        if checkpoint.format == "v1":
            raise ValueError(
                f"{checkpoint.path!r} is a V1 checkpoint, and no source that is one is "
                "deleted: merge without delete_sources"
            )
        if not os.path.lexists(f"{checkpoint.path}.index"):
            raise ValueError(
                f"{checkpoint.path!r} lies where a save that was killed, or is still "
                f"under way, set it aside ({checkpoint._reader.paths()[0]!r}), and no "
                "source that does is deleted: merge without delete_sources, or put it "
                "back first; 'fastckpt doctor' says how"
            )


def _inode_of(prefix: str) -> tuple[int, int]:
    found = os.stat(f"{prefix}.index")
    return found.st_dev, found.st_ino


def _delete(
    names: list[_Name], merged: set[tuple[int, int, int]], destination: str
) -> None:
    """Deletes the sources that still are what was merged, and not the result.

    The result's index is new, so that it cannot be a source's by another name.
    """
    result = _inode_of(destination)

    def is_merged(name: _Name) -> bool:
        found = os.stat(f"{name.prefix}.index")
        inode = found.st_dev, found.st_ino
        identity = found.st_ino, found.st_size, found.st_mtime_ns
        return inode == name.inode != result and identity in merged

    doomed = []
    for name in names:
        with suppress(FileNotFoundError):
            doomed += [name] if is_merged(name) else []
    for name in doomed:
        # What was saved there meanwhile stays.
        with lock_prefix(name.prefix, removes=True):
            index = f"{name.prefix}.index"
            if os.path.islink(index) and not os.path.exists(index):
                # Another name, what it stood for has gone already.
                remove_files([index, *data_files(name.prefix)])
                continue
            with suppress(FileNotFoundError):
                if is_merged(name):
                    remove_files(tensor_files(name.prefix, "v2"))
    for name in doomed:
        warn_of_left_v1(name.prefix)
