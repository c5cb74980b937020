"""What ``open()`` accepts: from what a caller names to the files of one checkpoint.

The literal name comes first, whatever signs are in it. Then a part of a checkpoint
or a state file stands for the whole, and a folder for the checkpoint in it.
"""

from __future__ import annotations

import os
import re

from fastckpt.base.deferred import importing
from fastckpt.errors import CorruptionError
from fastckpt.files.find import PathName, Resolved, find_listed, find_whole, is_file
from fastckpt.files.urls import source_path

__all__ = ["Resolved", "resolve", "wholes"]

_PART = r"(?s:(.*)\.(?:index|meta|data-[0-9]{5,}-of-[0-9]{5,}))"


def resolve(path: PathName) -> Resolved:
    """Finds the checkpoint that a caller names.

    Args:
        path: A prefix; one of a checkpoint's files; a state file; a folder with a
            state file or with one checkpoint; a SavedModel's folder; a V1 file; the
            prefix of V1 shards, or one of them, which stands for all; a pattern of V1
            files, which are opened as one checkpoint.

    Returns:
        The checkpoint's format, prefix and files: the index for V2, all files in
        order for V1.

    Raises:
        FileNotFoundError: No checkpoint is there; the message says what was looked
            for, what lies there instead, and what to try.
        UnsupportedError: It is a URL, and not of a local file.
        CorruptionError: The file is no checkpoint, or a damaged state file; what it
            is and what to do is said where its first bytes tell it.
        OSError: What is there cannot be read, or is neither file nor folder.
    """
    name = source_path(path)
    if os.path.isdir(name) and not is_file(name + ".index") and not find_listed(name):
        with importing:
            from fastckpt.files.indirect import in_folder

        return in_folder(name)
    prefixes = wholes(name)
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


def wholes(name: str) -> list[str]:
    """The prefixes of which a file may be a part by its name."""
    part = re.fullmatch(_PART, name)
    if part is None:
        return []
    return [part[1], part[1] + ".ckpt"] if name.endswith(".meta") else [part[1]]
