"""What lies in a folder of checkpoints: these, the state file, orphans."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress

from fastckpt.checking.leftovers import UnfinishedSave
from fastckpt.errors import CheckpointError, CorruptionError
from fastckpt.files.discover import checkpoints_in, damaged_in, newest_complete_first
from fastckpt.files.find import data_files, find_listed, find_whole, list_folder
from fastckpt.files.foreign import name_foreign_file
from fastckpt.files.shard_names import split_shard
from fastckpt.files.state_file import STATE_NAME, read_state
from fastckpt.reading.checkpoint import open
from fastckpt.reading.results import Finding

__all__ = ["POINT_TO_NOTES", "find_around", "list_prefixes", "weigh"]

POINT_TO_NOTES = "a save that did not finish left it here; the notes say how complete"


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


def find_around(folder: str, saves: list[UnfinishedSave]) -> Iterator[Finding]:
    """Finds what is wrong in a folder beside its checkpoints."""
    yield from _examine_state(folder, saves)
    yield from _find_orphans(folder, saves)


def _examine_state(folder: str, saves: list[UnfinishedSave]) -> Iterator[Finding]:
    path = os.path.join(folder, STATE_NAME)
    try:
        state = read_state(path, folder)
    except CorruptionError as error:
        advice = "leave it as it is, and name the checkpoint itself instead"
        is_foreign = name_foreign_file(path) is not None
        cause = "foreign file" if is_foreign else "state file"
        yield Finding(cause, str(error), advice, path)
        return
    if state is None:
        return
    complete = {os.path.abspath(save.prefix) for save in saves if save.is_complete}
    names = dict.fromkeys(
        [*state.all_model_checkpoint_paths, state.model_checkpoint_path]
    )
    missing = [prefix for prefix in names if not _is_there(prefix)]
    # To find it reads whole checkpoints.
    newest = _newest_sound(folder) if missing else None
    advice = f"the newest complete checkpoint here is {newest}" if newest else ""
    for prefix in missing:
        is_left = os.path.abspath(prefix) in complete
        said = POINT_TO_NOTES if is_left else advice
        message = f"{path}: names {prefix!r}, which is not there"
        yield Finding("state file", message, said, path)


def _newest_sound(folder: str) -> str | None:
    """Gives the newest checkpoint whose every byte is right."""
    for prefix in newest_complete_first(folder):
        with suppress(CheckpointError, OSError), open(prefix, io="read") as checkpoint:
            if checkpoint.verify().ok:
                return prefix
    return None


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
        aside = find_listed(os.path.join(folder, prefix))
        is_aside = aside is not None and aside.format == "v2"
        if f"{prefix}.index" not in names and not is_aside:
            path = os.path.join(folder, f"{prefix}.index")
            is_left = os.path.join(folder, prefix) in complete
            advice = "copy it beside them; without it they cannot be read"
            message = f"{path}: this file is missing, its data files are here"
            said = POINT_TO_NOTES if is_left else advice
            yield Finding("missing file", message, said, path)
