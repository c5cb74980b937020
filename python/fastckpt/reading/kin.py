"""Whose data file a file is: proved by the checksums of the index that knows it.

Names prove nothing.
"""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

from fastckpt.base.deferred import importing
from fastckpt.errors import CheckpointError
from fastckpt.files.find import is_file, is_format, list_folder
from fastckpt.reading.known_index import KnownIndex

__all__ = ["Kin", "find_index", "find_owner", "find_renamed", "find_same_index"]

# How many neighbours are asked whether a file is theirs, and how much they may say.
_MOST_ASKED = 32
_MOST_READ = 16 << 20


class Kin(NamedTuple):
    """A data file of a checkpoint, by the index that knows it.

    Attributes:
        prefix: The checkpoint.
        shard: Which of its data files it is.
        copy: Another file with the same contents, which has the name that the index
            knows it by; None where there is none.
    """

    prefix: str
    shard: int
    copy: str | None = None


def _indexes_beside(index: str) -> Iterator[str]:
    """Gives the indexes in a folder, one's own first, then the nearest by name."""
    folder, own = os.path.split(index)
    names = [name for name in list_folder(folder) if name.endswith(".index")]
    place = bisect_left(names, own)
    order = sorted(range(len(names)), key=lambda at: (abs(at - place), at))
    yield index
    read = 0
    for at in order[:_MOST_ASKED]:
        path = os.path.join(folder, names[at])
        if path != index and is_file(path):
            yield path
            read += os.stat(path).st_size
            if read > _MOST_READ:
                return


def find_owner(index: str, shard: int, path: str, threads: int) -> Kin | None:
    """Finds the save whose data file it is that does not fit its own index.

    Args:
        index: The index that counts on the file, beside which the others lie.
        shard: Which data file that takes it for.
        path: The file.
        threads: How many threads verify.
    """
    for other in _indexes_beside(index):
        with suppress(CheckpointError, OSError):
            size = os.stat(path).st_size
            known = KnownIndex(other)
            for number, end in known.ends.items():
                is_itself = other == index and number == shard
                if end == size and not is_itself and known.fits(number, path, threads):
                    prefix = other.removesuffix(".index")
                    own = prefix + known.name_ending(number)
                    copy = own if _is_copy(own, path) else None
                    return Kin(prefix, number, copy)
    return None


def _is_copy(path: str, of: str) -> bool:
    """Tells whether a file is another than one, no link to it, with its contents."""
    with importing:
        from filecmp import cmp

    with suppress(OSError):
        return not os.path.samefile(path, of) and cmp(path, of, shallow=False)
    return False


def find_renamed(
    index: str, shard: int, missing: str, own: Sequence[str], threads: int
) -> str | None:
    """Finds a data file that is missing under another name in its folder.

    Args:
        index: The index that counts on it.
        shard: Which data file it is.
        missing: Its path.
        own: The files of the checkpoint, which are none.
        threads: How many threads verify.
    """
    folder, base = os.path.split(missing)
    known = {os.path.abspath(path) for path in own}
    try:
        wanted = KnownIndex(index)
    except (CheckpointError, OSError):
        return None
    least = wanted.ends.get(shard, 0)
    names = sorted(list_folder(folder), key=lambda name: not name.startswith(base))
    for name in names:
        path = os.path.join(folder, name)
        if name.endswith(".index") or os.path.abspath(path) in known:
            continue
        with suppress(CheckpointError, OSError):
            is_long = is_file(path) and os.stat(path).st_size >= least
            if is_long and wanted.fits(shard, path, threads):
                return path
    return None


def find_index(
    missing: str, data: dict[int, str], count: int, threads: int = 1
) -> str | None:
    """Finds the index of data files under another name in their folder.

    It must account for every byte of them; of several that differ none is found.

    Args:
        missing: The path that it is to have.
        data: The data files by their numbers.
        count: How many data files there are to be.
        threads: How many threads verify.
    """
    folder = os.path.dirname(missing)
    fitting: dict[bytes, str] = {}
    for name in list_folder(folder):
        path = os.path.join(folder, name)
        if name.endswith(".index") or not is_file(path) or not is_format(path, "v2"):
            continue
        with suppress(CheckpointError, OSError):
            found = KnownIndex(path)
            if found.explains(data, count) and all(
                found.fits(shard, data[shard], threads)
                for shard, end in found.ends.items()
                if end
            ):
                fitting.setdefault(_read(path), path)
    return next(iter(fitting.values())) if len(fitting) == 1 else None


def find_same_index(index: str) -> str | None:
    """Gives the checkpoint beside an index that has the very same index."""
    with suppress(OSError):
        content = _read(index)
        others = [it for it in _indexes_beside(index) if it != index]
        for other in others:
            if os.stat(other).st_size == len(content) and _read(other) == content:
                return other.removesuffix(".index")
    return None


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()
