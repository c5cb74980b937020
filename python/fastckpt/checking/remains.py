"""What is left of a checkpoint: the files it may be made of, the likeliest first."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

from fastckpt.checking.leftovers import UnfinishedSave, find_unfinished, list_unfinished
from fastckpt.checking.surroundings import list_prefixes
from fastckpt.errors import CorruptionError
from fastckpt.files.discover import orphans_in
from fastckpt.files.find import (
    Resolved,
    data_files,
    find_whole,
    is_file,
    is_format,
    list_folder,
    v1_files,
)
from fastckpt.files.foreign import looks_like_table, name_foreign_file
from fastckpt.files.shard_names import split_shard, v1_pattern, v1_shards, v1_stem
from fastckpt.files.sources import list_numbers
from fastckpt.files.urls import wholes_of

__all__ = ["Part", "Remains", "find_in_folder", "find_parted", "find_remains"]


_PART = r".+-[0-9]{5,}-of-[0-9]{5,}\.(?:index|data-)"
_PARTS = r"_temp(?:_[0-9a-f]{32})?"
# What may follow a checkpoint's name in the names of its files.
_OWN = (
    rf"{_PARTS}|(?:\.index|(?:\.data)?-[0-9]{{5,}}-of-[0-9]{{5,}})?"
    r"(?:\.tempstate[0-9]+|\.fastckpt-[0-9a-f]{8}\.\w+)?"
)


class Part(NamedTuple):
    """A V2 index and the data files by shard; "" is one that is lost."""

    path: str
    data: tuple[str, ...]


class Remains(NamedTuple):
    """Files of which a checkpoint may be made again.

    Attributes:
        prefix: The checkpoint's.
        sound: How to open it, where its index, or its V1 files, may be sound.
        parts: V2: the indexes that are left. One without an index has "" for it.
        v1: V1: the files that are left.
        told: How these files came to be taken for it, where names do not tell.
        is_whole: Whether all its files are there, as far as names tell.
    """

    prefix: str
    sound: Resolved | None = None
    parts: tuple[Part, ...] = ()
    v1: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    is_whole: bool = True


def find_in_folder(folder: str) -> list[str]:
    """Gives the prefixes of all that is left in a folder, the newest first."""
    prefixes = {
        *list_prefixes(folder),
        *orphans_in(folder),
        *list_unfinished(folder),
        *(os.path.join(folder, it.stem) for it in v1_shards(list_folder(folder))),
    }
    listed = sorted(prefixes)
    # Files that were copied have the times at which they were.
    ages = list_numbers(listed) or list(map(_time_of, listed))
    order = sorted(range(len(listed)), key=lambda at: (-ages[at], listed[at]))
    return [listed[at] for at in order]


def find_parted(folder: str) -> str | None:
    """Gives the prefix of a save in parts if this is the folder of these."""
    # The name alone tells nothing: any folder may be called so.
    if not any(re.match(_PART, name, re.DOTALL) for name in list_folder(folder)):
        return None
    parent, base = os.path.split(os.path.normpath(folder))
    for prefix in list_unfinished(parent):
        own = os.path.basename(prefix)
        if base.startswith(own) and re.fullmatch(_PARTS, base[len(own) :]):
            return prefix
    return None


def find_remains(name: str, threads: int | None) -> Iterator[Remains]:
    """Gives what is left of one checkpoint, the likeliest first.

    Raises:
        OSError: A folder cannot be listed.
    """
    for prefix in (name, *wholes_of(name)):
        yield from _find_plain(prefix)
    for prefix in (name, *wholes_of(name)):
        yield from _find_damaged(prefix)
    folder = os.path.dirname(name)
    for save in find_unfinished(folder, threads, (name, *wholes_of(name))):
        if save.parts:
            yield from _of_save(save)
    # Another's index is asked last, whether its own is lost or of no use.
    for prefix in (name, *wholes_of(name)):
        for data in _families(prefix):
            yield Remains(prefix, parts=(Part("", data),))


def _find_plain(prefix: str) -> Iterator[Remains]:
    try:
        found = find_whole(prefix)
    except (CorruptionError, OSError):
        return
    if found is None:
        return
    if found.format == "v1" and (data := data_files(found.prefix)):
        what = "without an index; what is in them is not saved"
        told = (
            f"{found.prefix}: data files of this name, such as {data[0]!r}, are {what}"
        )
        yield Remains(found.prefix, sound=found, told=(told,), is_whole=False)
    else:
        yield Remains(found.prefix, sound=found)


def _find_damaged(prefix: str) -> Iterator[Remains]:
    index = f"{prefix}.index"
    families = _families(prefix)
    if is_file(index):
        for data in families:
            yield Remains(prefix, parts=(Part(index, data),))
        if not families and is_file(prefix):
            told = f"{prefix}: taken for the data file that is missing"
            yield Remains(prefix, parts=(Part(index, (prefix,)),), told=(told,))
    elif is_format(prefix, "v2"):
        told = f"{prefix}: taken for the index, which {index!r} is to be"
        for data in families:
            yield Remains(prefix, parts=(Part(prefix, data),), told=(told,))
    yield from _find_v1(prefix)


def _find_v1(prefix: str) -> Iterator[Remains]:
    """Gives V1 files: one, or those shards that are there."""
    folder, base = os.path.split(prefix)
    if is_file(prefix):
        if name_foreign_file(prefix) is not None:
            return
        if v1_shards([base]) and _count(prefix) > 1:
            yield _of_shards(prefix)
            return
        # One whose footer is gone is no table by its looks; data may be anything.
        if looks_like_table(prefix) or not _families(prefix):
            yield Remains(prefix, v1=(prefix,))
        return
    shards = [it for it in v1_shards(list_folder(folder)) if it.stem == base]
    for count in sorted({it.num_shards for it in shards}, reverse=True):
        own = [os.path.join(folder, it.name) for it in shards if it.num_shards == count]
        yield Remains(prefix, v1=tuple(own), is_whole=len(own) == count)
    if files := v1_files(prefix):
        yield Remains(prefix, v1=tuple(files), is_whole=len(files) == _count(files[0]))


def _of_shards(path: str) -> Remains:
    """Gives all shards that are there of the set of one."""
    folder, base = os.path.split(path)
    own = v1_shards([base])[0]
    pattern = os.path.join(folder, v1_pattern(own.stem, own.num_shards))
    files = tuple(v1_files(pattern))
    return Remains(path, v1=files, is_whole=len(files) == own.num_shards)


def _count(path: str) -> int:
    parts = split_shard(os.path.basename(path))
    return parts.num_shards if parts else 1


def _families(prefix: str) -> list[tuple[str, ...]]:
    """Gives the data files of each number of shards, the most complete first."""
    return _group({os.path.basename(path): path for path in data_files(prefix)})


def _group(files: dict[str, str]) -> list[tuple[str, ...]]:
    """Gives data files, by names that end like theirs, of each number of shards."""
    families: dict[int, dict[int, str]] = {}
    for name, path in files.items():
        if parts := split_shard(name):
            families.setdefault(parts.num_shards, {})[parts.shard] = path
    # A name may count more shards than there can be files of.
    likely = {n: own for n, own in families.items() if n <= 1000 * len(own)}
    counts = sorted(likely, key=lambda count: (len(likely[count]) < count, count))
    return [tuple(likely[n].get(i, "") for i in range(n)) for n in counts]


def _of_save(save: UnfinishedSave) -> Iterator[Remains]:
    """Gives what a save that did not finish has left."""
    told = (f"{save.prefix}: read from {save.kind} files: {save.files[0]}",)
    v1 = [part.index for part in save.parts if _is_v1(part.index)]
    if v1:
        yield Remains(save.prefix, v1=tuple(v1), told=told)
        return
    is_whole = len(save.parts) == save.count
    found = [_group(it.data) or _families(it.name) or [("",)] for it in save.parts]
    # An index that cannot be opened does not tell how many data files it counts.
    for at in range(max(map(len, found))):
        parts = tuple(
            Part(it.index, data[min(at, len(data) - 1)])
            for it, data in zip(save.parts, found, strict=True)
        )
        yield Remains(save.prefix, parts=parts, told=told, is_whole=is_whole)


def _is_v1(path: str) -> bool:
    return is_format(path, "v1")


def _time_of(prefix: str) -> int:
    """When the newest of what names a checkpoint was written, in nanoseconds."""
    folder, base = os.path.split(prefix)
    base = v1_stem(base)
    times = [0]
    for name in list_folder(folder):
        if name.startswith(base) and re.fullmatch(_OWN, name[len(base) :]):
            with suppress(OSError):
                times.append(os.stat(os.path.join(folder, name)).st_mtime_ns)
    return max(times)
