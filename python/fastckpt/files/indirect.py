"""Names that lead to a checkpoint by way of another file: state files and folders.

And what to say where a name leads to nothing.
"""

from __future__ import annotations

import errno
import os
import re

from fastckpt.base.deferred import importing
from fastckpt.errors import CorruptionError
from fastckpt.files.discover import checkpoints_in, names_in, newest_complete
from fastckpt.files.find import (
    Resolved,
    find_v1_shards,
    find_whole,
    list_folder,
)
from fastckpt.files.state_file import STATE_NAME, CheckpointState, read_state

__all__ = ["by_state_file", "in_folder", "not_found"]

# What a save calls the files that it is about to replace.
_SET_ASIDE = re.compile(r"\.fastckpt-[0-9a-f]{8}\.old$")
# How many names a message lists.
_MAX_LISTED = 5
# How many names are compared in full with one that is not there.
_MAX_COMPARED = 200


def by_state_file(path: str) -> Resolved | None:
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
    found = find_whole(state.model_checkpoint_path)
    if found is None:
        newest = newest_complete(os.path.dirname(path))
        raise FileNotFoundError(
            errno.ENOENT,
            f"the state file {path!r} names a checkpoint that is not there"
            + (
                f"; the newest complete one beside it is {newest!r}, verify it first"
                if newest
                else ""
            ),
            state.model_checkpoint_path,
        )
    return found


def in_folder(folder: str) -> Resolved:
    """Finds the checkpoint of a folder.

    That is the one its state file names, a SavedModel's, or the only one there is.

    Raises:
        FileNotFoundError: There is none, or there are several.
        CorruptionError: The state file is damaged.
    """
    path = os.path.join(folder, STATE_NAME)
    state = read_state(path, folder)
    if state is not None:
        return _in_state(state, path)
    saved_model = find_whole(os.path.join(folder, "variables", "variables"))
    if saved_model is not None:
        return saved_model
    prefixes = checkpoints_in(folder)
    found = find_whole(prefixes[0]) if len(prefixes) == 1 else find_v1_shards(folder)
    if found is None:
        raise _none_in_folder(folder, prefixes)
    return found


def _none_in_folder(folder: str, prefixes: list[str]) -> FileNotFoundError:
    with importing:
        from fastckpt.files.lying_there import describe_names
        from fastckpt.files.next_steps import find_foreign_folder

    if prefixes:
        instead = f"several checkpoints: {_listed(prefixes)}; name one of them"
    elif found := find_foreign_folder(folder):
        instead = f"{found.what}; {found.advice}"
    else:
        instead = f"no checkpoint, but {describe_names(folder)}"
    return FileNotFoundError(
        errno.ENOENT,
        f"the folder has no state file {STATE_NAME!r} and no variables/, and holds "
        f"{instead}",
        folder,
    )


def not_found(name: str, prefix: str) -> FileNotFoundError:
    """Makes the error for a name that leads to nothing.

    Args:
        name: What the caller gave.
        prefix: The prefix of the checkpoint that was looked for.
    """
    folder, base = os.path.split(prefix)
    if folder and not os.path.isdir(folder):
        reason = f"no checkpoint: the folder {folder!r} is not there"
    elif not base:
        reason = "no checkpoint: the name is empty"
    else:
        reason = (
            f"no checkpoint: looked for {base + '.index'!r}, a V1 file {base!r} and V1 "
            f"shards {base + '-?????-of-?????'!r}; {_instead(folder, base)}"
        )
    return FileNotFoundError(errno.ENOENT, reason, name)


def _instead(folder: str, base: str) -> str:
    """Says what lies in a folder in place of a checkpoint, and what to try."""
    with importing:
        from fastckpt.files.lying_there import describe_names
        from fastckpt.files.packed import unpack_pieces

    own = [name for name in list_folder(folder) if name.startswith(base + ".")]
    if aside := [name for name in own if _SET_ASIDE.search(name)]:
        return (
            f"saves that were interrupted left {_listed(aside)}: these are data "
            f"without the index that belongs to them; keep them, copy the index beside "
            f"them as {base + '.index'!r} and take the ending '.fastckpt-XXXXXXXX.old' "
            f"off their names; 'fastckpt doctor' with the folder says more"
        )
    if said := unpack_pieces(os.path.join(folder, base)):
        return said
    if any(name.startswith(base + ".data-") for name in own):
        return (
            f"there is {_listed(own)}: without its index it cannot be read; copy that "
            "here too, or see 'fastckpt doctor' with the folder"
        )
    checkpoints = _closest_first(base, names_in(folder))
    if not checkpoints:
        return f"the folder holds no checkpoint, but {describe_names(folder, base)}"
    return f"the folder has the checkpoints {_listed(checkpoints)}"


def _closest_first(base: str, names: list[str]) -> list[str]:
    """Orders names by how like one they are; of very many, those that begin alike."""
    with importing:
        from difflib import SequenceMatcher

    def beginning(name: str) -> int:
        return -len(os.path.commonprefix([base, name]))  # noqa: RUF071

    def difference(name: str) -> float:
        return -SequenceMatcher(None, base, name).ratio() - name.startswith(base)

    names = sorted(names, key=beginning)
    return sorted(names[:_MAX_COMPARED], key=difference) + names[_MAX_COMPARED:]


def _listed(names: list[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:_MAX_LISTED]) or "nothing"
    more = len(names) - _MAX_LISTED
    return f"{shown} and {more} more" if more > 0 else shown
