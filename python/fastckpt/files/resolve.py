"""What ``open()`` accepts: from what a caller names to the files of one checkpoint.

The literal name comes first, whatever signs are in it. Then a part of a checkpoint
or a state file stands for the whole, and a folder for the checkpoint in it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from fastckpt.base.deferred import importing
from fastckpt.errors import CorruptionError
from fastckpt.files.find import PathName, Resolved, find_listed, find_whole, is_file
from fastckpt.files.urls import remote_url, source_path, wholes_of

__all__ = ["Resolved", "resolve"]


def resolve(
    path: PathName, storage_options: Mapping[str, Any] | None = None
) -> Resolved:
    """Finds the checkpoint that a caller names.

    Args:
        path: A prefix; one of a checkpoint's files; a state file; a folder with a
            state file or with one checkpoint; a SavedModel's folder; a V1 file; the
            prefix of V1 shards, or one of them, which stands for all; a pattern of V1
            files, which are opened as one checkpoint; a URL of any of these.
        storage_options: What a URL's file system is made with.

    Returns:
        The checkpoint's format, prefix and files: the index for V2, all files in
        order for V1.

    Raises:
        FileNotFoundError: No checkpoint is there; the message says what was looked
            for, what lies there instead, and what to try.
        ImportError: It is a URL, and what reads such is not installed.
        CorruptionError: The file is no checkpoint, or a damaged state file; what it
            is and what to do is said where its first bytes tell it.
        OSError: What is there cannot be read, or is neither file nor folder.
    """
    if (url := remote_url(path)) is not None:
        with importing:
            from fastckpt.files.remote_resolve import resolve_url

        return resolve_url(url, storage_options)
    name = source_path(path)
    if os.path.isdir(name) and not is_file(name + ".index") and not find_listed(name):
        with importing:
            from fastckpt.files.indirect import in_folder

        return in_folder(name)
    prefixes = wholes_of(name)
    refusal: CorruptionError | None = None
    for candidate in (name, *prefixes) if name else ():
        try:
            found = find_whole(candidate)
        except CorruptionError as error:
            refusal = error
        else:
            if found is not None:
                return found
    with importing:
        from fastckpt.files.fitting import find_fitting
        from fastckpt.files.indirect import by_state_file, not_found

    if refusal is None and (fitting := find_fitting(name)):
        return fitting
    if refusal is None or prefixes:
        raise not_found(name, prefixes[0] if prefixes else name)
    found = by_state_file(name)
    if found is None:
        with importing:
            from fastckpt.files.next_steps import refusal_of

        raise refusal_of(refusal, name)
    return found
