"""The text file ``checkpoint`` that names a folder's newest checkpoints.

Paths in it are literal. One that is relative is relative to the file's folder.

Source: tensorflow/python/checkpoint/checkpoint_management.py,
tensorflow/python/training/checkpoint_state.proto.
"""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from fastckpt import _native
from fastckpt.errors import CorruptionError
from fastckpt.files.discover import newest_complete
from fastckpt.files.find import PathName, exists, kind_of
from fastckpt.files.foreign import name_foreign, name_foreign_file
from fastckpt.files.replace import replace_file
from fastckpt.files.replaced import name_checkpoint_file
from fastckpt.files.text_format import format_fields
from fastckpt.files.urls import source_path, target_path

__all__ = [
    "STATE_NAME",
    "CheckpointState",
    "StateConflictError",
    "check_no_conflict",
    "check_replaceable",
    "checkpoint_exists",
    "get_checkpoint_state",
    "latest_checkpoint",
    "parse_fields",
    "parse_state",
    "read_state",
    "update_checkpoint_state",
]

# The state file's name where the caller gives none.
STATE_NAME = "checkpoint"

# Far above any real state file; a larger file is not looked into.
_MAX_BYTES = 4 << 20

_WINDOWS_ROOT = re.compile(r"[A-Za-z]:[\\/]|\\\\")
_OWN_SUFFIX = re.compile(r"(?:\.index|\.meta|\.data-[0-9]+-of-[0-9]+)?")


class CheckpointState(NamedTuple):
    """What a state file says.

    Attributes:
        model_checkpoint_path: The newest checkpoint's prefix.
        all_model_checkpoint_paths: The prefixes that are kept, oldest first.
        all_model_checkpoint_timestamps: Seconds since the epoch, one for each of
            these, or none.
        last_preserved_timestamp: When the last checkpoint that is kept for ever was
            written, seconds since the epoch; 0.0 where it is not told.
    """

    model_checkpoint_path: str
    all_model_checkpoint_paths: list[str]
    all_model_checkpoint_timestamps: list[float]
    last_preserved_timestamp: float


class StateConflictError(ValueError, RuntimeError):
    """A state file would take another file's place; TensorFlow: RuntimeError."""


def checkpoint_exists(checkpoint_prefix: PathName) -> bool:
    """Tells whether anything of a checkpoint's name is there.

    That is a V2 index, a V1 file or shards; as in TensorFlow, which looks no
    further, a folder or another file of that name too. The name is literal.
    """
    return exists(source_path(checkpoint_prefix))


def latest_checkpoint(
    directory: PathName, latest_filename: str | None = None
) -> str | None:
    """Gives the newest checkpoint's prefix, None where no state file names one.

    Args:
        directory: The folder of the state file.
        latest_filename: The state file's name; "checkpoint" if None.

    Returns:
        The prefix, joined to the folder where the state file has it relative; None
        too where the checkpoint is not there.

    Raises:
        CorruptionError: The state file is damaged; the message says how to go on.
        OSError: The state file cannot be read.
    """
    state = get_checkpoint_state(directory, latest_filename)
    if state is not None and exists(state.model_checkpoint_path):
        return state.model_checkpoint_path
    return None


def get_checkpoint_state(
    directory: PathName, latest_filename: str | None = None
) -> CheckpointState | None:
    """Gives what a folder's state file says, None where there is no such file.

    An absolute path that is not there is looked for by its base name beside the
    state file: a folder that was moved still works, with a warning.

    Args:
        directory: The folder of the state file.
        latest_filename: The state file's name; "checkpoint" if None.

    Returns:
        The state, its relative paths joined to the folder.

    Raises:
        CorruptionError: The state file is damaged; the message says how to go on.
        OSError: The state file cannot be read.
    """
    folder = source_path(directory)
    return read_state(os.path.join(folder, latest_filename or STATE_NAME), folder)


def read_state(path: str, folder: str) -> CheckpointState | None:
    """Gives what the state file at a path says, joined to its folder; else None."""
    content = _read_file(path)
    if content is None:
        return None
    try:
        state = parse_state(content.decode("utf-8", "surrogateescape"))
    except CorruptionError as error:
        raise damaged(path, str(error), content) from None
    return _located(state, path, folder)


def parse_state(text: str) -> CheckpointState:
    """Gives what a state file's text says, its paths as they are written.

    Raises:
        CorruptionError: The text breaks the format, or names no checkpoint.
    """
    state = parse_fields(text)
    if not state.model_checkpoint_path:
        raise CorruptionError("it sets no model_checkpoint_path")
    return state


def parse_fields(text: str) -> CheckpointState:
    """Gives what a text says that may name no checkpoint: that path is empty then.

    Raises:
        CorruptionError: The text breaks the format.
    """
    encoded = text.encode("utf-8", "surrogateescape")
    model, paths, times, preserved = _native.parse_checkpoint_state(encoded)
    return CheckpointState(_decode(model), [*map(_decode, paths)], times, preserved)


def _decode(path: bytes) -> str:
    return path.decode("utf-8", "surrogateescape")


def damaged(path: str, reason: str, content: bytes) -> CorruptionError:
    """Makes the error for a state file that cannot be used; it says how to go on."""
    what = name_foreign(content)
    if what is None and b"\0" in content:
        reason = f"it holds binary data ({reason})"
    said = f"no state file but {what}" if what else f"damaged state file: {reason}"
    newest = newest_complete(os.path.dirname(path))
    if newest is None:
        advice = "no complete checkpoint lies in its folder"
    else:
        advice = f"the newest complete checkpoint in its folder is {newest!r}: name it"
    return CorruptionError(f"{path}: {said}; {advice}", path=path)


def _read_file(path: str) -> bytes | None:
    if kind_of(path) != "file":
        return None
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:
        content = file.read(_MAX_BYTES + 1)
    if len(content) > _MAX_BYTES:
        raise damaged(path, f"it is larger than {_MAX_BYTES} bytes", content)
    return content


def _located(state: CheckpointState, path: str, folder: str) -> CheckpointState:
    """Joins the paths to the folder and finds those that moved with it."""
    written = [state.model_checkpoint_path, *state.all_model_checkpoint_paths]
    found = [_locate(name, folder) for name in written]
    moved = [
        (old, new)
        for old, new in zip(written, found, strict=True)
        if new != os.path.join(folder, old)
    ]
    if moved:
        old, new = moved[0]
        warnings.warn(
            f"{path}: {old!r} is not there; {new!r} beside the state file is used",
            stacklevel=4,
        )
    return state._replace(
        model_checkpoint_path=found[0], all_model_checkpoint_paths=found[1:]
    )


def _locate(name: str, folder: str) -> str:
    path = os.path.join(folder, name)
    windows = _WINDOWS_ROOT.match(name)
    if not (os.path.isabs(name) or windows) or exists(path):
        return path
    base = re.split(r"[\\/]", name)[-1] if windows else os.path.basename(name)
    beside = os.path.join(folder, base)
    return beside if base and exists(beside) else path


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
            file, or of another program's.
        ValueError: There are not as many timestamps as paths.
        OSError: The file cannot be written; the old one is as it was.
    """
    folder = target_path(save_dir)
    target = os.path.join(folder, latest_filename or STATE_NAME)
    given = [*(all_model_checkpoint_paths or ()), model_checkpoint_path]
    paths = [
        _stored(target_path(path), folder, relative=save_relative_paths)
        for path in given
    ]
    if len(paths) > 1 and paths[-2] == paths[-1]:
        paths.pop()
    check_no_conflict(target, os.path.join(folder, paths[-1]))
    check_replaceable(target)
    timestamps = all_model_checkpoint_timestamps or ()
    if timestamps and len(timestamps) != len(paths):
        raise ValueError(f"{len(timestamps)} timestamps for {len(paths)} paths")
    fields = _fields(paths, timestamps, last_preserved_timestamp)
    replace_file(target, format_fields(fields).encode(), fsync=fsync)


def check_no_conflict(state_path: str, prefix: str) -> None:
    """Refuses a state file that has the name of one of a checkpoint's files.

    Raises:
        StateConflictError: They conflict.
    """
    target, prefix = os.path.abspath(state_path), os.path.abspath(prefix)
    if target.startswith(prefix) and _OWN_SUFFIX.fullmatch(target[len(prefix) :]):
        raise StateConflictError(
            f"the state file {state_path!r} would take the place of a file of the "
            f"checkpoint {prefix!r}; choose another name for one of them"
        )


def check_replaceable(state_path: str) -> None:
    """Refuses to replace a checkpoint's file, or another program's: a model, say.

    Raises:
        StateConflictError: It is.
    """
    if what := name_foreign_file(state_path) or name_checkpoint_file(state_path):
        raise StateConflictError(
            f"{state_path!r} is {what}, which a state file of this name would replace; "
            "save into another folder, or choose another name (latest_filename)"
        )


def _stored(path: str, folder: str, *, relative: bool) -> str:
    to_change = relative if os.path.isabs(path) else not os.path.isabs(folder)
    return os.path.relpath(path, folder or ".") if to_change else path


def _fields(
    paths: Sequence[str], timestamps: Iterable[float], preserved: float | None
) -> list[tuple[str, str | float]]:
    fields: list[tuple[str, str | float]] = [("model_checkpoint_path", paths[-1])]
    fields += [("all_model_checkpoint_paths", path) for path in paths]
    fields += [("all_model_checkpoint_timestamps", time) for time in timestamps]
    if preserved:
        fields.append(("last_preserved_timestamp", preserved))
    return fields
