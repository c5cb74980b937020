"""Several checkpoints become one: ``merge``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from fastckpt import _native
from fastckpt.arguments import check_count, check_prefixes
from fastckpt.checkpoint import Checkpoint
from fastckpt.fileset import data_files
from fastckpt.urls import source_path, target_path

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fastckpt.writer import StrPath

__all__ = ["merge"]

_NO_LIMIT = (1 << 63) - 1


def merge(
    sources: Iterable[StrPath],
    destination: StrPath,
    *,
    shards: int | None = None,
    delete_sources: bool = False,
    fsync: bool = True,
    threads: int | None = None,
) -> None:
    """Makes one checkpoint of several, as TensorFlow's ``MergeV2Checkpoints`` does.

    Data files are hard-linked or, where that cannot be, copied; they are not read.
    A destination that is one of the sources is replaced.

    Args:
        sources: The prefixes of V2 checkpoints, no tensor in two of them. Slices of
            one tensor may be in several.
        destination: Where the checkpoint goes.
        shards: Deals the tensors out to so many data files, each to the smallest so
            far, and compares their checksums; None keeps the files as they are.
        delete_sources: Whether to remove the sources' files when all is done.
        fsync: Whether everything is on the disk before the checkpoint appears.
        threads: How many threads copy and check; None for one per CPU.

    Raises:
        ValueError: There is no source, a tensor is in two of them, or their byte
            order or version differ.
        TypeError: The sources are a single path.
        CorruptionError: A source is damaged.
        OSError: A source is missing, or the destination could not be written; what
            was there before is there again.
    """
    given = check_prefixes("sources", sources)
    prefixes = [os.fsdecode(source_path(source)) for source in given]
    destination = target_path(destination)
    opened = [_open(prefix) for prefix in prefixes]
    _native.merge(
        sources=[checkpoint._reader for checkpoint in opened],
        prefix=os.fsencode(destination),
        shards=0 if shards is None else check_count("shards", shards),
        fsync=bool(fsync),
        threads=0 if threads is None else check_count("threads", threads),
    )
    if delete_sources:
        kept = _identity(os.fsdecode(destination))
        for source in dict.fromkeys(prefixes):
            if _identity(source) != kept:
                _remove_files(source)


def _open(prefix: str) -> Checkpoint:
    """Opens a V2 checkpoint of exactly this prefix."""
    options = (True, "read", None, _NO_LIMIT)
    return Checkpoint("v2", prefix, [f"{prefix}.index"], options)


def _identity(prefix: str) -> str:
    folder, base = os.path.split(prefix)
    return os.path.join(os.path.realpath(folder), base)


def _remove_files(prefix: str) -> None:
    for path in [f"{prefix}.index", *data_files(prefix)]:
        os.unlink(path)
