"""What lies in a folder of checkpoints: these, the newest of them, the state file."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from fastckpt.checking.leftovers import UnfinishedSave
from fastckpt.checking.orphans import POINT_TO_NOTES, find_orphans
from fastckpt.errors import CorruptionError
from fastckpt.files.discover import checkpoints_in, damaged_in
from fastckpt.files.find import data_files, find_whole
from fastckpt.files.foreign import name_foreign_file
from fastckpt.files.sources import sort_by_age
from fastckpt.files.state_file import STATE_NAME, CheckpointState, read_state
from fastckpt.reading.causes import Cause
from fastckpt.reading.results import Finding

__all__ = ["POINT_TO_NOTES", "find_around", "find_newest", "list_prefixes", "weigh"]

_LEAVE = "leave it as it is, and name the checkpoint itself instead"


def list_prefixes(folder: str) -> list[str]:
    """Gives the checkpoints in a folder, damaged V1 ones and a SavedModel's too."""
    prefixes = sorted({*checkpoints_in(folder), *damaged_in(folder)})
    inner = os.path.join(folder, "variables", "variables")
    if os.path.isfile(f"{inner}.index"):
        prefixes.append(inner)
    return prefixes


def weigh(prefix: str) -> int:
    """Gives about how many bytes a checkpoint has, at least 1."""
    paths = [prefix, f"{prefix}.index", *data_files(prefix)]
    return sum(os.path.getsize(path) for path in paths if os.path.isfile(path)) or 1


def find_newest(folder: str, sound: Sequence[str]) -> str | None:
    """Gives the newest of some checkpoints that lie in a folder under their names.

    What a save set aside is none, for TensorFlow does not find it there.
    """
    place = os.path.abspath(folder)
    here = [
        it
        for it in sound
        if os.path.dirname(os.path.abspath(it)) == place and _is_plain(it)
    ]
    return next(reversed(sort_by_age(here)), None)


def _is_plain(prefix: str) -> bool:
    try:
        found = find_whole(prefix)
    except CorruptionError:
        return False
    return found is not None and not found.files[0].endswith(".old")


def find_around(
    folder: str,
    saves: list[UnfinishedSave],
    told: Sequence[Finding],
    broken: set[str],
    newest: str | None,
) -> Iterator[Finding]:
    """Finds what is wrong in a folder beside its checkpoints.

    Args:
        folder: The folder.
        saves: What saves that did not finish have left in it.
        told: What was found of its checkpoints.
        broken: Those with which something is wrong.
        newest: The newest of the others.
    """
    yield from _examine_state(folder, saves, broken, newest)
    renamed = {it.path for it in told if it.path and it.cause == Cause.RENAMED_FILE}
    yield from find_orphans(folder, saves, renamed)


def _examine_state(
    folder: str, saves: list[UnfinishedSave], broken: set[str], newest: str | None
) -> Iterator[Finding]:
    path = os.path.join(folder, STATE_NAME)
    advice = f"the newest complete checkpoint here is {newest}" if newest else ""
    try:
        state = read_state(path, folder)
    except CorruptionError as error:
        if name_foreign_file(path) is not None:
            yield Finding(Cause.FOREIGN_FILE, str(error), _LEAVE, path)
        else:
            yield Finding(Cause.STATE_FILE, str(error), _LEAVE, path)
        return
    if state is None:
        return
    if gone := _list_missing(state):
        complete = {os.path.abspath(save.prefix) for save in saves if save.is_complete}
        is_left = not complete.isdisjoint(map(os.path.abspath, gone))
        message = f"{path}: names {gone[0]!r}, which is not there"
        if len(gone) > 1:
            message += f", nor {', '.join(map(repr, gone[1:]))}"
        said = POINT_TO_NOTES if is_left else advice
        yield Finding(Cause.STATE_FILE, message, said, path)
    latest = os.path.abspath(state.model_checkpoint_path)
    if latest in set(map(os.path.abspath, broken)):
        message = f"{path}: names {state.model_checkpoint_path!r}, which is damaged"
        yield Finding(Cause.STATE_FILE, message, advice, path)


def _list_missing(state: CheckpointState) -> list[str]:
    names = dict.fromkeys(
        [state.model_checkpoint_path, *state.all_model_checkpoint_paths]
    )
    return [prefix for prefix in names if not _is_there(prefix)]


def _is_there(prefix: str) -> bool:
    try:
        return find_whole(prefix) is not None
    except CorruptionError:
        return True
