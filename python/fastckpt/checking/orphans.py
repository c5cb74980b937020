"""Data files whose index is gone, or is there under another name."""

from __future__ import annotations

import os
from collections.abc import Iterator

from fastckpt.checking.leftovers import UnfinishedSave
from fastckpt.files.discover import orphans_in
from fastckpt.files.find import data_files, is_file
from fastckpt.files.shard_names import split_shard
from fastckpt.files.shell import quote
from fastckpt.reading.causes import Cause
from fastckpt.reading.kin import find_index
from fastckpt.reading.results import Finding

__all__ = ["POINT_TO_NOTES", "find_orphan", "find_orphans"]

POINT_TO_NOTES = "a save that did not finish left it here; the notes say how complete"
_LOST = "copy it beside them; without it they cannot be read"


def find_orphans(
    folder: str, saves: list[UnfinishedSave], renamed: set[str]
) -> Iterator[Finding]:
    """Finds data files of a folder without an index.

    Args:
        folder: The folder.
        saves: What saves that did not finish have left in it.
        renamed: Data files that are known to be another checkpoint's, as absolute
            paths.
    """
    left = {save.prefix: save.kind for save in saves if save.is_complete}
    for prefix in sorted(orphans_in(folder)):
        if renamed.issuperset(map(os.path.abspath, data_files(prefix))):
            continue
        if prefix in left:
            is_parts = left[prefix] == "_temp"
            cause = Cause.UNFINISHED_SAVE if is_parts else Cause.RENAMED_FILE
            yield _make(cause, prefix, POINT_TO_NOTES)
        elif (finding := find_orphan(prefix)) is not None:
            yield finding


def find_orphan(prefix: str) -> Finding | None:
    """Gives the finding of data files without an index; None where there are none."""
    files = data_files(prefix)
    index = f"{prefix}.index"
    if not files or is_file(index):
        return None
    families: dict[int, dict[int, str]] = {}
    for path in files:
        if parts := split_shard(path):
            families.setdefault(parts.num_shards, {})[parts.shard] = path
    # Files of several saves are under one name: no index is that of all of them.
    found = None
    if len(families) == 1:
        ((count, shards),) = families.items()
        found = find_index(index, shards, count)
    if found is None:
        return _make(Cause.MISSING_FILE, prefix, _LOST)
    command = f"cp -n -- {quote(found)} {quote(index)}"
    advice = f"this gives it its name, and keeps the other: {command}"
    message = (
        f"{index}: this file is missing, and lies here as {found!r}: it accounts "
        "for every byte of the data files, and all its checksums are right"
    )
    return Finding(Cause.RENAMED_FILE, message, advice, found)


def _make(cause: Cause, prefix: str, advice: str) -> Finding:
    path = f"{prefix}.index"
    message = f"{path}: this file is missing, its data files are here"
    return Finding(cause, message, advice, path)
