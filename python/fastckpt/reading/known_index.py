"""What an index says of its data files, and whether files are these.

A file is tried under a link of the name that the index has for it, in a folder of its
own; a few small tensors first, then all.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from math import gcd, prod
from typing import BinaryIO

from fastckpt import _native
from fastckpt.base.deferred import importing
from fastckpt.errors import CheckpointError
from fastckpt.files.shard_names import ShardName

__all__ = ["KnownIndex"]

_MOST_TRIED = 8
# Of larger tensors one is tried.
_SMALL = 1 << 20
_MAX_INDEX_BYTES = 1 << 30
# Zeros behind a tensor that nothing counts on are padding only if they are fewer.
_MOST_PADDING = 64

# Size, offset and checksum of a plain tensor.
_Place = tuple[int, int, int]
# Size, shard and offset of bytes of a tensor, and the size of each of its values.
_Sample = tuple[int, int, int, int]


class KnownIndex:
    """What an index says of its data files."""

    def __init__(self, path: str) -> None:
        self._path = os.path.abspath(path)
        with _links({".index": self._path}) as prefix:
            reader = _open(prefix)
            self._count = reader.shard_count()
            self.ends: dict[int, int] = {}
            self._few: dict[int, list[_Place]] = {}
            self._spans: dict[int, list[tuple[int, int]]] = {}
            self._samples: list[_Sample] = []
            for slot, info in zip(reader.slots(), reader.infos(), strict=True):
                if info.shard is None or info.offset is None or info.nbytes is None:
                    self._add_slices(reader, slot, info)
                    continue
                self._add_span(info.shard, info.offset, info.nbytes)
                self._add_sample(info.shard, info.offset, info)
                if _is_plain(info):
                    few = self._few.setdefault(info.shard, [])
                    few.append((info.nbytes, info.offset, info.crc32c or 0))
        for few in self._few.values():
            few.sort()
            small = sum(size <= _SMALL for size, _, _ in few[:_MOST_TRIED])
            del few[max(small, 1) :]

    def _add_slices(
        self, reader: _native.Reader, slot: int, info: _native.TensorInfo
    ) -> None:
        with suppress(CheckpointError):
            for path, offset, nbytes, _, _ in reader.places(slot):
                shard = int(path.rpartition(".data-")[2].partition("-of-")[0])
                self._add_span(shard, offset, nbytes)
                self._add_sample(shard, offset, info, nbytes)

    def _add_span(self, shard: int, offset: int, size: int) -> None:
        self.ends[shard] = max(offset + size, self.ends.get(shard, 0))
        self._spans.setdefault(shard, []).append((offset, offset + size))

    def _add_sample(
        self, shard: int, offset: int, info: _native.TensorInfo, size: int | None = None
    ) -> None:
        size = info.nbytes if size is None else size
        if not size or info.problem is not None or info.dtype is None:
            return
        width = info.dtype.itemsize
        if info.dtype.kind == "O":  # lengths and their checksum come first
            width, head = 1, prod(info.shape) + 4
            size, offset = size - head, offset + head
        if size > 0:
            self._samples.append((size, shard, offset, width))

    def explains(self, data: dict[int, str], count: int) -> bool:
        """Tells whether every byte of data files is one that the index counts on.

        Bytes that are all alike agree with many an index: some must say something.
        """
        if self._count != count or not self._spans.keys() <= data.keys():
            return False
        for shard, path in data.items():
            if not self._covers(shard, path):
                return False
        return any(_varies(data[it[1]], it) for it in sorted(self._samples))

    def _covers(self, shard: int, path: str) -> bool:
        size = os.stat(path).st_size
        spans = sorted(self._spans.get(shard, ()))
        padding = min(_MOST_PADDING, gcd(size, *(begin for begin, _ in spans)))
        reached = 0
        with open(path, "rb") as file:
            for begin, end in [*spans, (size, size)]:
                if begin > reached:
                    file.seek(reached)
                    is_known = begin - reached < padding
                    if not is_known or file.read(begin - reached).strip(b"\0"):
                        return False
                reached = max(reached, end)
        return reached == size

    def name_ending(self, shard: int) -> str:
        """Gives the ending of a data file's name."""
        return ShardName(".data", shard, self._count).name

    def fits(self, shard: int, path: str, threads: int) -> bool:
        """Tells whether a file is this data file: every tensor in it is right."""
        if self.ends.get(shard, 0) == 0 or not self._fits_few(shard, path):
            return False
        ending = self.name_ending(shard)
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


def _varies(path: str, sample: _Sample) -> bool:
    """Tells whether the values at a place of a file are not all alike."""
    size, _, offset, width = sample
    with open(path, "rb") as file:
        file.seek(offset)
        first = file.read(min(width, size))
        size -= len(first)
        run = first * (_SMALL // max(len(first), 1))
        while size > 0 and (content := file.read(min(size, len(run)))):
            if content != run[: len(content)]:
                return True
            size -= len(content)
    return False


def _is_plain(info: _native.TensorInfo) -> bool:
    """Tells whether a tensor has bytes, and its checksum is of these alone."""
    size = info.nbytes
    if info.problem is not None or info.dtype is None or info.dtype.kind == "O":
        return False
    return info.crc32c is not None and size is not None and size > 0


def _path_of(error: Exception) -> str | None:
    path = getattr(error, "path", None) or getattr(error, "filename", None)
    return None if path is None else os.fsdecode(path)
