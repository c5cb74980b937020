"""What ``open()`` accepts: from what a caller names to the files of one checkpoint.

The literal name comes first, whatever signs are in it. Then a part of a checkpoint
or a state file stands for the whole, and a folder for the checkpoint in it.
"""

from __future__ import annotations

import errno
import os
import re

from fastckpt.errors import CorruptionError
from fastckpt.fileset import (
    PathName,
    Resolved,
    find,
    find_v1_shards,
    is_file,
    list_folder,
)
from fastckpt.folder import checkpoints_in, names_in, newest_complete
from fastckpt.state import STATE_NAME, CheckpointState, read_state

__all__ = ["Resolved", "resolve"]

_PART = re.compile(
    r"(?P<prefix>.*)\.(?:index|(?P<meta>meta)|data-[0-9]{5,}-of-[0-9]{5,})", re.DOTALL
)
# What a save calls the files that it is about to replace.
_SET_ASIDE = re.compile(r"\.fastckpt-[0-9a-f]{8}\.old$")
# How many names a message lists.
_MAX_LISTED = 5


def resolve(path: PathName) -> Resolved:
    """Finds the checkpoint that a caller names.

    Args:
        path: A prefix; one of a checkpoint's files; a state file; a folder with a
            state file or with one checkpoint; a SavedModel's folder; a V1 file; the
            prefix or pattern of V1 shards.

    Returns:
        The checkpoint's format, prefix and files: the index for V2, all files in
        order for V1.

    Raises:
        FileNotFoundError: No checkpoint is there; the message says what was looked
            for, what lies there instead, and what to try.
        CorruptionError: The file is no checkpoint, or a damaged state file.
        OSError: What is there cannot be read, or is neither file nor folder.
    """
    name = os.fsdecode(path)
    if not name:
        raise FileNotFoundError(errno.ENOENT, "no checkpoint: the name is empty", name)
    if os.path.isdir(name) and not is_file(name + ".index"):
        return _in_folder(name)
    try:
        found = find(name) or _by_part(name)
    except CorruptionError:
        found = _by_part(name) or _by_state_file(name)
        if found is None and not _PART.fullmatch(name):
            raise
    if found is None:
        raise _not_found(name)
    return found


def _by_part(name: str) -> Resolved | None:
    """Finds the checkpoint to which a file belongs by its name."""
    match = _PART.fullmatch(name)
    if match is None:
        return None
    prefixes = [match["prefix"]]
    if match["meta"]:
        prefixes.append(prefixes[0] + ".ckpt")
    for prefix in prefixes:
        try:
            found = find(prefix)
        except CorruptionError:
            continue
        if found is not None:
            return found
    return None


def _by_state_file(path: str) -> Resolved | None:
    """Finds what a state file names; None if the file is none and not named so."""
    folder, base = os.path.split(path)
    try:
        state = read_state(path, folder)
    except CorruptionError:
        if base == STATE_NAME:
            raise
        return None
    return _in_state(state, path) if state else None


def _in_state(state: CheckpointState, path: str) -> Resolved:
    found = find(state.model_checkpoint_path)
    if found is None:
        newest = newest_complete(os.path.dirname(path))
        raise FileNotFoundError(
            errno.ENOENT,
            f"the state file {path!r} names a checkpoint that is not there"
            + (f"; the newest complete one beside it is {newest!r}" if newest else ""),
            state.model_checkpoint_path,
        )
    return found


def _in_folder(folder: str) -> Resolved:
    path = os.path.join(folder, STATE_NAME)
    state = read_state(path, folder)
    if state is not None:
        return _in_state(state, path)
    saved_model = find(os.path.join(folder, "variables", "variables"))
    if saved_model is not None:
        return saved_model
    prefixes = checkpoints_in(folder)
    found = find(prefixes[0]) if len(prefixes) == 1 else find_v1_shards(folder)
    if found is None:
        raise _none_in_folder(folder, prefixes)
    return found


def _none_in_folder(folder: str, prefixes: list[str]) -> FileNotFoundError:
    if prefixes:
        instead = f"several checkpoints: {_listed(prefixes)}; name one of them"
    elif is_file(os.path.join(folder, "saved_model.pb")):
        instead = "a SavedModel without variables: it has a graph and no checkpoint"
    else:
        instead = f"no checkpoint, but {_listed(list_folder(folder))}"
    return FileNotFoundError(
        errno.ENOENT,
        f"the folder has no state file {STATE_NAME!r} and no variables/, and holds "
        f"{instead}",
        folder,
    )


def _not_found(name: str) -> FileNotFoundError:
    match = _PART.fullmatch(name)
    prefix = match["prefix"] if match else name
    folder, base = os.path.split(prefix)
    if folder and not os.path.isdir(folder):
        reason = f"no checkpoint: the folder {folder!r} is not there"
    else:
        reason = (
            f"no checkpoint: looked for {base + '.index'!r}, a V1 file {base!r} and V1 "
            f"shards {base + '-?????-of-?????'!r}; {_instead(folder, base)}"
        )
    return FileNotFoundError(errno.ENOENT, reason, name)


def _instead(folder: str, base: str) -> str:
    """Says what lies in a folder in place of a checkpoint, and what to try."""
    own = [name for name in list_folder(folder) if name.startswith(base + ".")]
    if aside := [name for name in own if _SET_ASIDE.search(name)]:
        return f"a save that was interrupted set {_listed(aside)} aside, rename them"
    if any(name.startswith(base + ".data-") for name in own):
        return (
            f"there is {_listed(own)}: without its index it cannot be read, copy it too"
        )
    checkpoints = names_in(folder)
    if not checkpoints:
        return f"the folder holds no checkpoint, but {_listed(list_folder(folder))}"
    return (
        f"the folder has the checkpoints {_listed(_closest_first(base, checkpoints))}"
    )


def _closest_first(base: str, names: list[str]) -> list[str]:
    from difflib import SequenceMatcher

    def likeness(name: str) -> float:
        return SequenceMatcher(None, base, name).ratio() + name.startswith(base)

    return sorted(names, key=likeness, reverse=True)


def _listed(names: list[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:_MAX_LISTED]) or "nothing"
    more = len(names) - _MAX_LISTED
    return f"{shown} and {more} more" if more > 0 else shown
