"""The core's reader of a checkpoint's files, and what is said where it refuses them."""

from __future__ import annotations

import os
from collections.abc import Sequence

from fastckpt import _native
from fastckpt.base.deferred import importing
from fastckpt.errors import CorruptionError
from fastckpt.reading.options import Options

__all__ = ["open_reader"]


def open_reader(
    format: str,
    prefix: str,
    files: Sequence[str],
    io: str,
    options: Options,
    identity: tuple[int, int, int] | None,
) -> _native.Reader:
    """Opens an index (V2), or the files of a V1 checkpoint.

    Raises:
        CorruptionError: They are damaged; or one is another program's, which its first
            bytes tell: what it is, and what to do, is said then.
    """
    try:
        if format == "v1":
            paths = [os.fsencode(file) for file in files]
            return _native.open_v1(paths, io == "mmap", options.verify)
        return _native.open_bundle(
            os.fsencode(prefix),
            io == "mmap",
            options.verify,
            options.max_index_bytes,
            identity,
        )
    except CorruptionError as error:
        with importing:
            from fastckpt.files.next_steps import refusal_of

        found = refusal_of(error, error.path or files[0])
        if found is error:
            raise
        raise found from error
