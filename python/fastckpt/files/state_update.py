"""The state file is written anew: what it says, and what it never replaces.

Source: tensorflow/python/checkpoint/checkpoint_management.py.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from fastckpt.errors import CorruptionError
from fastckpt.files.find import PathName
from fastckpt.files.foreign import name_foreign_file
from fastckpt.files.replace import replace_file
from fastckpt.files.replaced import name_checkpoint_file
from fastckpt.files.state_file import (
    STATE_NAME,
    CheckpointState,
    parse_fields,
    read_content,
)
from fastckpt.files.text_format import format_fields
from fastckpt.files.urls import target_path

__all__ = [
    "StateConflictError",
    "check_no_conflict",
    "check_replaceable",
    "format_state",
    "make_state",
    "state_file_name",
    "update_checkpoint_state",
]

_OWN_SUFFIX = re.compile(r"(?:\.index|\.meta|\.data-[0-9]+-of-[0-9]+)?")


class StateConflictError(ValueError, RuntimeError):
    """A state file would take another file's place; TensorFlow: RuntimeError."""


def update_checkpoint_state(
    save_dir: PathName,
    model_checkpoint_path: PathName,
    all_model_checkpoint_paths: Sequence[PathName] | None = None,
    latest_filename: str | None = None,
    all_model_checkpoint_timestamps: Sequence[float] | None = None,
    last_preserved_timestamp: float | None = None,
    *,
    save_relative_paths: bool = False,
    fsync: bool = True,
) -> None:
    """Writes a folder's state file anew; whoever looks finds the old one or the new.

    Paths are stored as TensorFlow does: relative to a relative `save_dir`, and as
    given where `save_dir` is absolute.

    Args:
        save_dir: The folder; it must exist.
        model_checkpoint_path: The newest checkpoint's prefix.
        all_model_checkpoint_paths: All that are kept, oldest first. The newest is
            appended where it is not the last.
        latest_filename: The state file's name; "checkpoint" if None.
        all_model_checkpoint_timestamps: Seconds since the epoch, one for each path.
        last_preserved_timestamp: Seconds since the epoch; 0 is as good as None.
        save_relative_paths: Whether absolute paths are stored relative too.
        fsync: Whether the file is on the disk when the call returns.

    Raises:
        StateConflictError: The state file would take the place of a checkpoint's
            file, or of any other that is no state file.
        ValueError: There are not as many timestamps as paths; `latest_filename` leads
            to another folder.
        OSError: The file cannot be written; the old one is as it was.
    """
    folder = target_path(save_dir)
    target = os.path.join(folder, state_file_name(latest_filename))
    state = make_state(
        folder,
        target_path(model_checkpoint_path),
        [target_path(path) for path in all_model_checkpoint_paths or ()],
        all_model_checkpoint_timestamps,
        last_preserved_timestamp,
        save_relative_paths=save_relative_paths,
    )
    newest = state.model_checkpoint_path
    check_no_conflict(target, os.path.join(folder, newest), stored=newest)
    check_replaceable(target)
    replace_file(target, format_state(state).encode(), fsync=fsync)


def make_state(
    folder: str,
    newest: str,
    every: Sequence[str] | None,
    timestamps: Sequence[float] | None,
    preserved: float | None,
    *,
    save_relative_paths: bool = False,
) -> CheckpointState:
    """Gives what a state file is to say; for the arguments see the function above.

    Raises:
        ValueError: There are not as many timestamps as paths.
    """
    paths = [
        _stored(path, folder, relative=save_relative_paths)
        for path in [*(every or ()), newest]
    ]
    if len(paths) > 1 and paths[-2] == paths[-1]:
        paths.pop()
    if timestamps and len(timestamps) != len(paths):
        raise ValueError(f"{len(timestamps)} timestamps for {len(paths)} paths")
    times = [float(time) for time in timestamps or ()]
    return CheckpointState(paths[-1], paths, times, preserved or 0.0)


def format_state(state: CheckpointState) -> str:
    """Gives the text that a state file says it with."""
    fields: list[tuple[str, str | float]] = [
        ("model_checkpoint_path", state.model_checkpoint_path)
    ]
    paths, times = state[1:3]
    fields += [("all_model_checkpoint_paths", path) for path in paths]
    fields += [("all_model_checkpoint_timestamps", time) for time in times]
    if state.last_preserved_timestamp:
        fields.append(("last_preserved_timestamp", state.last_preserved_timestamp))
    return format_fields(fields)


def check_no_conflict(
    state_path: str, prefix: str, *, stored: str | None = None
) -> None:
    """Refuses a state file that has the name of one of a checkpoint's files.

    Args:
        state_path: The state file.
        prefix: The checkpoint's.
        stored: How the state file is to name the checkpoint, where only that is to
            be written. No file of V2 has the bare prefix as its name; as in TensorFlow
            the state file may have it where it is named differently.

    Raises:
        StateConflictError: They conflict.
    """
    target, prefix = os.path.abspath(state_path), os.path.abspath(prefix)
    if target == prefix and stored is not None and not os.path.isabs(stored):
        conflict = stored == state_path
    else:
        suffix = target.removeprefix(prefix)
        conflict = suffix != target and bool(_OWN_SUFFIX.fullmatch(suffix))
    if conflict:
        raise StateConflictError(
            f"the state file {state_path!r} would take the place of a file of the "
            f"checkpoint {prefix!r}; choose another name for one of them"
        )


def check_replaceable(state_path: str) -> None:
    """Refuses to replace what is no state file: a model, somebody's notes, say.

    An empty file may be replaced. A damaged state file is for people to look at.

    Raises:
        StateConflictError: It is none.
        OSError: It cannot be read.
    """
    if what := name_foreign_file(state_path) or name_checkpoint_file(state_path):
        raise StateConflictError(
            f"{state_path!r} is {what}, which a state file of this name would replace; "
            "save into another folder, or choose another name (latest_filename)"
        )
    if reason := _why_none(state_path):
        raise StateConflictError(
            f"{state_path!r} is there and is no state file ({reason}), or a damaged "
            "one; it would be replaced: remove or rename it if it may go, save into "
            "another folder, or choose another name (latest_filename)"
        )


def _why_none(path: str) -> str | None:
    """Says why a file is no state file; None where it is one, is empty or not there."""
    try:
        content = read_content(path)
        if content and content.strip():
            parse_fields(content.decode("utf-8", "surrogateescape"))
    except CorruptionError as error:
        return str(error)
    return None


def state_file_name(latest_filename: str | None) -> str:
    """Gives the name of the state file that is to be written into a folder.

    Raises:
        ValueError: It leads to another folder. TensorFlow follows it there.
    """
    name = latest_filename or STATE_NAME
    if os.path.dirname(name) or name in (os.curdir, os.pardir):
        raise ValueError(f"latest_filename is a name without a folder, not {name!r}")
    return name


def _stored(path: str, folder: str, *, relative: bool) -> str:
    to_change = relative if os.path.isabs(path) else not os.path.isabs(folder)
    return os.path.relpath(path, folder or ".") if to_change else path
