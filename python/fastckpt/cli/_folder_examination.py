"""What is wrong in a folder of checkpoints: its state file, orphans, litter."""

from __future__ import annotations

import argparse
import os
import warnings
from collections.abc import Callable, Iterator

from fastckpt.cli._examination import Examination, Finding, examine_checkpoint
from fastckpt.cli._recovery import describe_unfinished
from fastckpt.errors import CorruptionError
from fastckpt.fileset import find_listed, find_whole, list_folder, split_shard
from fastckpt.folder import checkpoints_in, newest_complete
from fastckpt.leftovers import UnfinishedSave, find_unfinished
from fastckpt.paths import resolve, wholes
from fastckpt.state import STATE_NAME, read_state

__all__ = ["examine"]

_POINT_TO_NOTES = "a save that did not finish left it here; the notes say how complete"


def examine(
    path: str, args: argparse.Namespace, progress: Callable[[int, int], None]
) -> list[Examination]:
    """Examines the checkpoint that a path names; of a folder, all there are in it.

    Raises:
        FileNotFoundError: There is none.
        OSError: Something cannot be read.
    """
    with warnings.catch_warnings():
        # That a checkpoint was found under other names is said by the notes.
        warnings.simplefilter("ignore", RuntimeWarning)
        return _examine_path(path, args, progress)


def _examine_path(
    path: str, args: argparse.Namespace, progress: Callable[[int, int], None]
) -> list[Examination]:
    if not os.path.isdir(path) or os.path.isfile(f"{path}.index"):
        return [_examine_one(path, args, progress)]
    prefixes = checkpoints_in(path)
    inner = os.path.join(path, "variables", "variables")
    if os.path.isfile(f"{inner}.index"):
        prefixes.append(inner)
    saves = find_unfinished(path, args.threads)
    around = Examination(
        path,
        problems=[*_examine_state(path, saves), *_find_orphans(path, saves)],
        notes=list(map(describe_unfinished, saves)),
    )
    if not (prefixes or around.problems or saves):
        resolve(path)  # raises, and says what was looked for
    found = [examine_checkpoint(prefix, args, progress) for prefix in prefixes]
    return [*found, around]


def _examine_one(
    path: str, args: argparse.Namespace, progress: Callable[[int, int], None]
) -> Examination:
    """Examines one checkpoint, and what saves that did not finish left of it."""
    prefixes = (path, *wholes(path))
    saves = find_unfinished(os.path.dirname(path), args.threads, prefixes)
    try:
        found = examine_checkpoint(path, args, progress)
    except FileNotFoundError as error:
        if not saves:
            raise
        reason = f"{path}: {error.strerror}"
        found = Examination(path, problems=[Finding(reason, _POINT_TO_NOTES, path)])
    found.notes.extend(map(describe_unfinished, saves))
    return found


def _examine_state(folder: str, saves: list[UnfinishedSave]) -> Iterator[Finding]:
    path = os.path.join(folder, STATE_NAME)
    try:
        state = read_state(path, folder)
    except CorruptionError as error:
        advice = "leave it as it is, and name the checkpoint itself instead"
        yield Finding(str(error), advice, path)
        return
    if state is None:
        return
    newest = newest_complete(folder)
    advice = f"the newest complete checkpoint here is {newest}" if newest else ""
    complete = {os.path.abspath(save.prefix) for save in saves if save.is_complete}
    names = dict.fromkeys(
        [*state.all_model_checkpoint_paths, state.model_checkpoint_path]
    )
    for prefix in names:
        if not _is_there(prefix):
            is_left = os.path.abspath(prefix) in complete
            said = _POINT_TO_NOTES if is_left else advice
            yield Finding(f"{path}: names {prefix!r}, which is not there", said, path)


def _is_there(prefix: str) -> bool:
    try:
        return find_whole(prefix) is not None
    except CorruptionError:
        return True


def _find_orphans(folder: str, saves: list[UnfinishedSave]) -> Iterator[Finding]:
    """Finds data files without an index."""
    complete = {save.prefix for save in saves if save.is_complete}
    names = set(list_folder(folder))
    prefixes = {
        parts.stem.removesuffix(".data")
        for name in names
        if (parts := split_shard(name)) and parts.stem.endswith(".data")
    }
    for prefix in sorted(prefixes):
        aside, _ = find_listed(os.path.join(folder, prefix))
        is_aside = aside is not None and aside.format == "v2"
        if f"{prefix}.index" not in names and not is_aside:
            path = os.path.join(folder, f"{prefix}.index")
            is_left = os.path.join(folder, prefix) in complete
            advice = "copy it beside them; without it they cannot be read"
            yield Finding(
                f"{path}: this file is missing, its data files are here",
                _POINT_TO_NOTES if is_left else advice,
                path,
            )
