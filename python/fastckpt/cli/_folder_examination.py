"""What is wrong in a folder of checkpoints: its state file, orphans, litter."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Callable, Iterator

from fastckpt.cli._examination import Examination, Finding, examine_checkpoint
from fastckpt.errors import CorruptionError
from fastckpt.fileset import find, find_listed, list_folder, split_shard
from fastckpt.folder import checkpoints_in, newest_complete
from fastckpt.paths import resolve
from fastckpt.state import STATE_NAME, read_state

__all__ = ["examine"]

_LITTER = re.compile(
    r".+\.tempstate[0-9]+|.+_temp(?:_[0-9a-f]{32})?|.+\.fastckpt-[0-9a-f]{8}\..+",
    re.DOTALL,
)
"""What saves that were cut short leave: TensorFlow's names, and this library's."""

_DELETE = "it may be deleted when nothing saves here any more"
# It may be a part of the only good copy.
_KEEP = (
    "keep it: the next save under its prefix puts it back, or removes it where it is "
    "of no use any more"
)


def examine(
    path: str, args: argparse.Namespace, progress: Callable[[int, int], None]
) -> list[Examination]:
    """Examines the checkpoint that a path names; of a folder, all there are in it.

    Raises:
        FileNotFoundError: There is none.
        OSError: Something cannot be read.
    """
    if not os.path.isdir(path) or os.path.isfile(f"{path}.index"):
        return [examine_checkpoint(path, args, progress)]
    prefixes = checkpoints_in(path)
    inner = os.path.join(path, "variables", "variables")
    if os.path.isfile(f"{inner}.index"):
        prefixes.append(inner)
    around = Examination(
        path,
        problems=[*_examine_state(path), *_find_orphans(path)],
        notes=list(_find_litter(path)),
    )
    if not prefixes and not around.problems:
        resolve(path)  # raises, and says what was looked for
    found = [examine_checkpoint(prefix, args, progress) for prefix in prefixes]
    return [*found, around]


def _examine_state(folder: str) -> Iterator[Finding]:
    path = os.path.join(folder, STATE_NAME)
    try:
        state = read_state(path, folder)
    except CorruptionError as error:
        advice = "write it anew: fastckpt.update_checkpoint_state in Python does"
        yield Finding(str(error), advice, path)
        return
    if state is None:
        return
    newest = newest_complete(folder)
    advice = f"the newest complete checkpoint here is {newest}" if newest else ""
    names = dict.fromkeys(
        [*state.all_model_checkpoint_paths, state.model_checkpoint_path]
    )
    for prefix in names:
        if not _is_there(prefix):
            yield Finding(f"{path}: names {prefix!r}, which is not there", advice, path)


def _is_there(prefix: str) -> bool:
    try:
        return find(prefix) is not None
    except CorruptionError:
        return True


def _find_orphans(folder: str) -> Iterator[Finding]:
    """Finds data files without an index."""
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
            yield Finding(
                f"{path}: this file is missing, its data files are here",
                "copy it beside them; without it they cannot be read",
                path,
            )


def _find_litter(folder: str) -> Iterator[Finding]:
    for name in list_folder(folder):
        if _LITTER.fullmatch(name):
            path = os.path.join(folder, name)
            yield Finding(
                f"{path}: left by a save that did not finish, or is running now",
                _KEEP if name.endswith(".old") else _DELETE,
                path,
            )
