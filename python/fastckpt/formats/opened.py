"""Opens what holds tensors: checkpoints, and the files of other formats."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from fastckpt.base.deferred import importing
from fastckpt.files.find import is_file, kind_of
from fastckpt.files.foreign import ForeignObject, find_kind, looks_like_table
from fastckpt.files.urls import PathName, remote_url, source_path
from fastckpt.formats.content import Content
from fastckpt.formats.endings import FILE_FORMATS, find_file_format
from fastckpt.formats.lazy_tensors import LazyTensors
from fastckpt.reading.checkpoint import Checkpoint, open

__all__ = ["Source", "find_format", "open_file", "open_tensors"]

Source = Checkpoint | LazyTensors
"""Where tensors come from: a checkpoint, or a file of another format."""


def find_format(path: str) -> str | None:
    """Tells which of the other formats a file is to be read as; None: as a checkpoint.

    Its first bytes say it. Its name does where these are unknown, so that it is said
    what is wrong with the file, and where nothing is there.

    Args:
        path: The file, or the name of a checkpoint.
    """
    named = find_file_format(path)
    if os.path.exists(f"{path}.index"):
        return None
    if not is_file(path):
        return None if os.path.isdir(path) else named
    kind = find_kind(path)
    if kind in FILE_FORMATS:
        return kind
    if kind == "zip" and named == "npz":  # an archive without arrays
        return named
    return None if kind is not None or looks_like_table(path) else named


def open_file(
    path: str, kind: str, content: Content | None = None
) -> AbstractContextManager[LazyTensors]:
    """Opens a file of one of the other formats, for the length of a block.

    Args:
        path: The file.
        kind: Its format.
        content: Its bytes, where they do not lie here.
    """
    read: Callable[[str, Content | None], AbstractContextManager[LazyTensors]]
    with importing:
        if kind == "npz":
            from fastckpt.formats.npz import read
        else:
            from fastckpt.formats.safetensors import read

    return read(path, content)


@contextmanager
def open_tensors(
    path: PathName,
    *,
    io: str = "auto",
    threads: int | None = None,
    storage_options: Mapping[str, Any] | None = None,
) -> Iterator[Source]:
    """Opens a checkpoint, ``.npz`` or ``.safetensors``, for the length of a block.

    Args:
        path: What ``open`` accepts, or a file of another format.
        io, threads: As in ``open``; nothing to other formats.
        storage_options: As in ``open``.

    Raises as ``open``, and:
        ImportError: The library that reads the file is not installed.
    """
    name = os.fsdecode(path)

    def open_one() -> AbstractContextManager[Source]:
        return open(path, io=io, threads=threads, storage_options=storage_options)

    if remote_url(name) is not None:
        opened = _open_remote(name, storage_options, open_one)
    elif (kind := find_format(source_path(name))) is None:
        opened = open_one()
    else:
        kind_of(source_path(name))  # no pipe: to open one is to wait
        opened = open_file(name, kind)
    with opened as tensors:
        yield tensors


def _open_remote(
    url: str,
    options: Mapping[str, Any] | None,
    open_one: Callable[[], AbstractContextManager[Source]],
) -> AbstractContextManager[Source]:
    """Opens what a URL names; its name tells where to look first, its bytes what it is.

    Raises as ``open``.
    """
    with importing:
        from fastckpt.formats.remote_files import find_remote_file

    if found := find_remote_file(url, options, is_named=True):
        return open_file(found.content.path, found.kind, found.content)
    try:
        return open_one()
    except ForeignObject:
        found = find_remote_file(url, options, is_named=False)
        if found is None:
            raise
    return open_file(found.content.path, found.kind, found.content)
