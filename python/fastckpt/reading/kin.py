"""Whose data file a file is: proved by the checksums of the index that knows it.

Names prove nothing. A file is tried under a link of the name that the index has for
it, in a folder of its own; a few small tensors first, then all.
"""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import BinaryIO, NamedTuple

from fastckpt import _native
from fastckpt.base.deferred import importing
from fastckpt.errors import CheckpointError
from fastckpt.files.find import is_file, is_format, list_folder
from fastckpt.files.shard_names import ShardName

__all__ = ["Kin", "find_index", "find_owner", "find_renamed", "find_same_index"]

_MOST_TRIED = 8
# Of larger tensors one is tried.
_SMALL = 1 << 20
# How many neighbours are asked whether a file is theirs, and how much they may say.
_MOST_ASKED = 32
_MOST_READ = 16 << 20
_MAX_INDEX_BYTES = 1 << 30

# Offset, size and checksum of a plain tensor.
_Place = tuple[int, int, int]


class Kin(NamedTuple):
    """A data file of a checkpoint, by the index that knows it.

    Attributes:
        prefix: The checkpoint.
        shard: Which of its data files it is.
    """

    prefix: str
    shard: int


class _Index:
    """What an index says of its data files."""

    def __init__(self, path: str) -> None:
        self._path = os.path.abspath(path)
        with _links({".index": self._path}) as prefix:
            reader = _open(prefix)
            self._count = reader.shard_count()
            self.ends: dict[int, int] = {}
            self._few: dict[int, list[_Place]] = {}
            for slot, info in zip(reader.slots(), reader.infos(), strict=True):
                if info.shard is None or info.offset is None or info.nbytes is None:
                    self._add_slices(reader, slot)
                    continue
                self._add_end(info.shard, info.offset + info.nbytes)
                if _is_plain(info):
                    few = self._few.setdefault(info.shard, [])
                    few.append((info.nbytes, info.offset, info.crc32c or 0))
        for few in self._few.values():
            few.sort()
            small = sum(size <= _SMALL for size, _, _ in few[:_MOST_TRIED])
            del few[max(small, 1) :]

    def _add_slices(self, reader: _native.Reader, slot: int) -> None:
        with suppress(CheckpointError):
            for path, offset, nbytes, _, _ in reader.places(slot):
                shard = int(path.rpartition(".data-")[2].partition("-of-")[0])
                self._add_end(shard, offset + nbytes)

    def _add_end(self, shard: int, end: int) -> None:
        self.ends[shard] = max(end, self.ends.get(shard, 0))

    def fits(self, shard: int, path: str, threads: int) -> bool:
        """Tells whether a file is this data file: every tensor in it is right."""
        if self.ends.get(shard, 0) == 0 or not self._fits_few(shard, path):
            return False
        ending = ShardName(".data", shard, self._count).name
        data = os.path.abspath(path)
        with _links({".index": self._path, ending: data}) as prefix:
            errors = _open(prefix).verify(threads, None)[1]
        return not any(_path_of(error) == prefix + ending for error in errors)

    def _fits_few(self, shard: int, path: str) -> bool:
        with open(path, "rb") as file:
            for size, offset, crc in self._few.get(shard, ()):
                if _sum(file, offset, size) != crc:
                    return False
        return True


@contextmanager
def _links(files: dict[str, str]) -> Iterator[str]:
    """Gives the prefix of a checkpoint of links, in a folder of its own."""
    with importing:
        from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="fastckpt-") as folder:
        prefix = os.path.join(folder, "c")
        for ending, path in files.items():
            os.symlink(path, prefix + ending)
        yield prefix


def _open(prefix: str) -> _native.Reader:
    return _native.open_bundle(os.fsencode(prefix), False, False, _MAX_INDEX_BYTES)


def _sum(file: BinaryIO, offset: int, size: int) -> int | None:
    """Gives the checksum of bytes of a file; None where they are not there."""
    file.seek(offset)
    crc = 0
    while size > 0:
        content = file.read(min(size, _SMALL))
        if not content:
            return None
        crc = _native.crc32c(content, crc)
        size -= len(content)
    return crc


def _is_plain(info: _native.TensorInfo) -> bool:
    """Tells whether a tensor has bytes, and its checksum is of these alone."""
    size = info.nbytes
    if info.problem is not None or info.dtype is None or info.dtype.kind == "O":
        return False
    return info.crc32c is not None and size is not None and size > 0


def _path_of(error: Exception) -> str | None:
    path = getattr(error, "path", None) or getattr(error, "filename", None)
    return None if path is None else os.fsdecode(path)


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
            known = _Index(other)
            for number, end in known.ends.items():
                is_itself = other == index and number == shard
                if end == size and not is_itself and known.fits(number, path, threads):
                    return Kin(other.removesuffix(".index"), number)
    return None


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
        wanted = _Index(index)
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


def find_index(missing: str, data: dict[int, str], threads: int = 1) -> str | None:
    """Finds the index of data files under another name in their folder.

    Args:
        missing: The path that it is to have.
        data: The data files by their numbers.
        threads: How many threads verify.
    """
    folder = os.path.dirname(missing)
    for name in list_folder(folder):
        path = os.path.join(folder, name)
        if name.endswith(".index") or not is_file(path) or not is_format(path, "v2"):
            continue
        with suppress(CheckpointError, OSError):
            found = _Index(path)
            used = {shard: data.get(shard) for shard, end in found.ends.items() if end}
            if used and all(
                file is not None and found.fits(shard, file, threads)
                for shard, file in used.items()
            ):
                return path
    return None


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
