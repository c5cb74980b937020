"""What lies in a folder of checkpoints: these, the newest of them, the state file."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from fastckpt.checking.examination import list_renamed
from fastckpt.checking.leftovers import UnfinishedSave
from fastckpt.checking.orphans import POINT_TO_NOTES, find_orphans
from fastckpt.errors import CorruptionError
from fastckpt.files.discover import checkpoints_in, damaged_in, indexes_in
from fastckpt.files.find import data_files, find_whole
from fastckpt.files.foreign import name_foreign_file
from fastckpt.files.sources import sort_by_age
from fastckpt.files.state_file import STATE_NAME, CheckpointState, read_state
from fastckpt.reading.causes import Cause
from fastckpt.reading.results import Finding

__all__ = [
    "POINT_TO_NOTES",
    "UNREADABLE",
    "find_around",
    "find_newest",
    "list_named",
    "list_prefixes",
    "weigh",
]

UNREADABLE = "the system says why; nothing is known of what is in it"
_LEAVE = "leave it as it is, and name the checkpoint itself instead"


def list_prefixes(folder: str) -> list[str]:
    """Gives the checkpoints in a folder, damaged ones and a SavedModel's too."""
    found = {*checkpoints_in(folder), *damaged_in(folder), *indexes_in(folder)}
    prefixes = sorted(found)
    inner = os.path.join(folder, "variables", "variables")
    if os.path.isfile(f"{inner}.index"):
        prefixes.append(inner)
    return prefixes


def list_named(folder: str, known: Sequence[str]) -> list[str]:
    """Gives what a folder's state file names, and is there, beside what is known.

    That is the latest, wherever it lies, and those of its list in this folder.
    """
    try:
        state = read_state(os.path.join(folder, STATE_NAME), folder)
    except (CorruptionError, OSError):
        state = None  # it is told when the state file itself is looked at
    if state is None:
        return []
    place = os.path.abspath(folder)
    names = [state.model_checkpoint_path] + [
        it
        for it in state.all_model_checkpoint_paths
        if os.path.dirname(os.path.abspath(it)) == place
    ]
    seen = set(map(os.path.realpath, known))
    named: list[str] = []
    for name in names:
        prefix = _find_prefix(name)
        if prefix and os.path.realpath(prefix) not in seen:
            seen.add(os.path.realpath(prefix))
            named.append(prefix)
    return named


def _find_prefix(name: str) -> str | None:
    """Gives the prefix of what has a name, damaged or not; None where nothing has."""
    try:
        found = find_whole(name)
    except CorruptionError:
        return name
    except OSError:
        return None
    return None if found is None else found.prefix


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
    renamed = list_renamed(told)
    # One that the state file names has been told already.
    yield from (it for it in find_orphans(folder, saves, renamed) if it not in told)


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
    except OSError as error:
        yield Finding(Cause.UNREADABLE_FILE, str(error), UNREADABLE, path)
        return
    if state is None:
        if os.path.islink(path) and not os.path.exists(path):
            message = f"{path}: a link to {os.readlink(path)!r}, which is not there"
            yield Finding(Cause.STATE_FILE, message, advice, path)
        return
    gone: list[str] = []
    yield from _examine_named(path, state, broken, advice, gone)
    if gone:
        complete = {os.path.abspath(save.prefix) for save in saves if save.is_complete}
        is_left = not complete.isdisjoint(map(os.path.abspath, gone))
        message = f"{path}: names {gone[0]!r}, which is not there"
        if len(gone) > 1:
            message += f", nor {', '.join(map(repr, gone[1:]))}"
        said = POINT_TO_NOTES if is_left else advice
        yield Finding(Cause.STATE_FILE, message, said, path)


def _examine_named(
    path: str, state: CheckpointState, broken: set[str], advice: str, gone: list[str]
) -> Iterator[Finding]:
    """Finds what is wrong with what a state file names; what is gone is added."""
    damaged = set(map(os.path.abspath, broken))
    latest = state.model_checkpoint_path
    for prefix in dict.fromkeys([latest, *state.all_model_checkpoint_paths]):
        # One that is listed only has findings of its own.
        is_told = os.path.abspath(prefix) in damaged
        is_damaged = is_told and prefix == latest
        try:
            if not is_told and find_whole(prefix) is None:
                gone.append(prefix)
        except CorruptionError:
            is_damaged = True
        except FileNotFoundError:
            gone.append(prefix)
        except OSError as error:
            message = f"{path}: names {prefix!r}, which cannot be looked at: {error}"
            yield Finding(Cause.UNREADABLE_FILE, message, UNREADABLE, path)
        if is_damaged:
            message = f"{path}: names {prefix!r}, which is damaged"
            yield Finding(Cause.STATE_FILE, message, advice, path)
