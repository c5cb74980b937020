"""What lies in a folder in the place of a checkpoint, said by its first bytes."""

from __future__ import annotations

import os
import re

from fastckpt.files.discover import checkpoints_in
from fastckpt.files.find import is_file, list_folder
from fastckpt.files.foreign import WORDS, find_kind
from fastckpt.files.foreign_folders import FOLDERS, find_folder_kind

__all__ = ["describe_names"]

_MAX_LISTED = 5
# How many names are looked at; each may be far away.
_MAX_LOOKED = 100
_OURS = "a folder with a checkpoint"


def describe_names(folder: str, base: str = "") -> str:
    """Gives some of the names in a folder, and what bears them where it is known.

    Args:
        folder: The folder.
        base: What was looked for there; names that begin so come first, after folders
            with checkpoints.
    """
    names = list_folder(folder)
    kinds = {it: _look_at(os.path.join(folder, it)) for it in names[:_MAX_LOOKED]}

    def rank(name: str) -> tuple[bool, bool, bool]:
        kind = kinds.get(name)
        return kind != _OURS, not (base and name.startswith(base)), kind is None

    names.sort(key=rank)
    shown = ", ".join(_word(it, kinds.get(it)) for it in names[:_MAX_LISTED])
    more = len(names) - _MAX_LISTED
    text = f"{shown or 'nothing'} and {more} more" if more > 0 else shown or "nothing"
    ours = [it for it in names if kinds.get(it) == _OURS]
    if not ours:
        return text
    return f"{text}; name it: {os.path.join(folder, ours[0])!r}"


def _look_at(path: str) -> str | None:
    try:
        if not os.path.isdir(path):
            return WORDS.get(find_kind(path) or "")
        index = os.path.join(path, "variables", "variables.index")
        if is_file(index) or checkpoints_in(path):
            return _OURS
    except OSError:
        return None
    return FOLDERS.get(find_folder_kind(path) or "")


def _word(name: str, what: str | None) -> str:
    """Gives a name and, in brackets, the first words of what it is."""
    return (
        repr(name)
        if what is None
        else f"{name!r} ({re.split(r'[,(:]', what)[0].strip()})"
    )
