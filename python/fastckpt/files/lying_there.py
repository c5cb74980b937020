"""What lies in a folder in the place of a checkpoint, said by its first bytes."""

from __future__ import annotations

import os
import re

from fastckpt.files.discover import checkpoints_in
from fastckpt.files.find import is_file, list_folder
from fastckpt.files.foreign import WORDS, find_kind
from fastckpt.files.foreign_folders import FOLDERS, find_folder_kind
from fastckpt.files.packed import find_packed, unpack_pieces

__all__ = ["describe_names"]

_MAX_LISTED = 5
# How many names are looked at; each may be far away.
_MAX_LOOKED = 100
_OURS = "a folder with a checkpoint"


def describe_names(folder: str, base: str = "") -> str:
    """Gives some of the names in a folder, and what bears them where it is known.

    Args:
        folder: The folder.
        base: What was looked for there; names that begin so come first, then folders
            with checkpoints.
    """
    names = list_folder(folder)
    kinds = {it: _look_at(os.path.join(folder, it)) for it in names[:_MAX_LOOKED]}

    def rank(name: str) -> tuple[bool, ...]:
        kind = kinds.get(name)
        is_like = bool(base) and name.startswith(base)
        is_folder = kind in FOLDERS.values()
        return not is_like, kind != _OURS, not is_folder, kind is None

    names.sort(key=rank)
    shown = ", ".join(_word(it, kinds.get(it)) for it in names[:_MAX_LISTED])
    more = len(names) - _MAX_LISTED
    text = f"{shown or 'nothing'} and {more} more" if more > 0 else shown or "nothing"
    folders = [it for it in names if kinds.get(it) in (_OURS, *FOLDERS.values())]
    if folders:
        word = "it" if len(folders) == 1 else "one of them, such as"
        return f"{text}; name {word} {os.path.join(folder, folders[0])!r}"
    packed = find_packed(folder)
    return f"{text}; {unpack_pieces(packed[0])}" if packed else text


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
