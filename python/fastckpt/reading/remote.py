"""Checkpoints that lie elsewhere: opened by a fetcher, and how they are explained."""

from __future__ import annotations

import os
from collections.abc import Sequence

from fastckpt import _native
from fastckpt.errors import CorruptionError
from fastckpt.files.fetcher import Fetcher
from fastckpt.files.remote import Store
from fastckpt.files.remote_errors import error_of
from fastckpt.reading.options import Options
from fastckpt.reading.results import RemoteTraffic

__all__ = ["look_again", "open_remote_reader", "traffic_of"]


def open_remote_reader(
    format: str,
    prefix: str,
    files: Sequence[str],
    options: Options,
    fetcher: Fetcher,
) -> _native.Reader:
    """Opens an index (V2), or the files of a V1 checkpoint, by what fetches them.

    The identities of the data objects are taken, too; whether one is missing shows
    when it is read.
    """
    reader: _native.Reader
    if format == "v1":
        fetcher.look_at([it for it in files if not fetcher.knows(it)])
        paths = [os.fsencode(file) for file in files]
        reader = _native.open_remote_v1(fetcher, paths, options.verify)
    else:
        # Most have one data object: what it is is asked for beside the index.
        data = f"{prefix}.data-00000-of-00001"
        finish = None if data in fetcher.looked else fetcher.begin_to_look(data)
        reader = _native.open_remote_bundle(
            fetcher, os.fsencode(prefix), options.verify, options.max_index_bytes
        )
        if finish is not None:
            finish()
        fetcher.look_at([it for it in reader.data_paths() if not fetcher.knows(it)])
    fetcher.opened()
    return reader


def look_again(
    store: Store, files: Sequence[str], identity: Sequence[tuple[int, int, int]]
) -> Fetcher:
    """Gives what fetches a checkpoint that was pickled, if it is still the same.

    Raises:
        CorruptionError: It was replaced.
        OSError: It is gone, or cannot be looked at.
    """
    fetcher = Fetcher(store)
    for wrong in fetcher.look_at(files):
        if wrong is not None:
            raise error_of(wrong)
    for file, before in zip(files, identity, strict=True):
        if fetcher.open(file)[1] != before:
            raise CorruptionError(
                f"{file}: the object was replaced since the checkpoint was pickled; "
                "open it again",
                path=file,
            )
    return fetcher


def traffic_of(fetcher: Fetcher) -> RemoteTraffic:
    """Gives what was asked so far."""
    it = fetcher.traffic
    return RemoteTraffic(it.requests, it.looks, it.wanted, it.fetched)
