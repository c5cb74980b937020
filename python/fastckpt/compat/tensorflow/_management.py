"""TensorFlow's functions around the state file: which checkpoint is the last.

They answer as TensorFlow does where that differs from fastckpt's own functions: a
state file that cannot be read is a warning in the log and then no state, paths in
it are taken as written, names are patterns, and what the operating system says is an
OpError.

Source: tensorflow/python/checkpoint/checkpoint_management.py.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Sequence
from typing import Any

import fastckpt.compat.tensorflow.gfile as gfile
import fastckpt.compat.tensorflow.logging as logging
from fastckpt.compat.tensorflow._os_errors import tensorflow_errors
from fastckpt.compat.tensorflow._paths import local_path
from fastckpt.compat.tensorflow.errors import OpError
from fastckpt.errors import CorruptionError
from fastckpt.files import remove as removal
from fastckpt.files import state_file, state_update
from fastckpt.files.find import find_listed, looks
from fastckpt.files.urls import remote_url

__all__ = [
    "checkpoint_exists",
    "checkpoint_exists_internal",
    "generate_checkpoint_state_proto",
    "get_checkpoint_mtimes",
    "get_checkpoint_state",
    "latest_checkpoint",
    "meta_graph_filename",
    "remove_checkpoint",
    "update_checkpoint_state",
    "update_checkpoint_state_internal",
]


class CheckpointState(state_file.CheckpointState):
    """What a state file says; its text is what TensorFlow's message prints."""

    __slots__ = ()

    def __str__(self) -> str:
        return state_update.format_state(self)


def get_checkpoint_state(
    checkpoint_dir: Any, latest_filename: str | None = None
) -> CheckpointState | None:
    """Returns what a folder's state file says, or None.

    Args:
        checkpoint_dir: the folder.
        latest_filename: the name of the state file, ``"checkpoint"`` if None.

    Returns:
        Its fields by their names; relative paths start with the folder.

    Raises:
        ValueError: the file names no checkpoint, or is no UTF-8.
    """
    folder = os.fspath(checkpoint_dir)
    path = os.path.join(folder, latest_filename or state_file.STATE_NAME)
    if remote_url(folder) is not None:
        found = state_file.get_checkpoint_state(folder, latest_filename)
        return None if found is None else CheckpointState(*found)
    try:
        if not gfile.exists(path):
            return None
        return _parsed(gfile.GFile(path).read(), folder)
    except (OpError, CorruptionError) as error:
        logging.warning("%s: %s", type(error).__name__, error)
        logging.warning("%s: Checkpoint ignored", path)
        return None


def _parsed(text: str, folder: str) -> CheckpointState:
    state = state_file.parse_fields(text)
    if not state.model_checkpoint_path:
        raise ValueError("Invalid checkpoint state loaded from " + folder)
    paths = [state.model_checkpoint_path, *state.all_model_checkpoint_paths]
    model, *every = (os.path.join(folder, path) for path in paths)
    preserved = state.last_preserved_timestamp or 0.0
    times = state.all_model_checkpoint_timestamps
    return CheckpointState(model, every, times, preserved)


def latest_checkpoint(
    checkpoint_dir: Any, latest_filename: str | None = None
) -> str | None:
    """Returns the prefix of a folder's newest checkpoint; None where there is none.

    Args:
        checkpoint_dir: the folder.
        latest_filename: the name of the state file, ``"checkpoint"`` if None.

    Raises:
        ValueError: the state file names no checkpoint, or is no UTF-8.
    """
    state = get_checkpoint_state(checkpoint_dir, latest_filename)
    if state is None:
        return None
    if checkpoint_exists(state.model_checkpoint_path):
        return state.model_checkpoint_path
    logging.error("Couldn't match files for checkpoint %s", state.model_checkpoint_path)
    return None


def checkpoint_exists(checkpoint_prefix: str) -> bool:
    """Tells whether a checkpoint has this prefix, or matches it as a pattern.

    As in TensorFlow any file or folder of that name counts; unlike there, what a save
    that was killed set aside counts too.
    """
    if remote_url(checkpoint_prefix) is not None:
        return state_file.checkpoint_exists(checkpoint_prefix)
    names = (checkpoint_prefix + ".index", checkpoint_prefix)
    prefix = local_path(checkpoint_prefix)
    try:
        for _ in looks(prefix):
            if any(gfile.exists(name) or gfile.glob(name) for name in names):
                return True
            if find_listed(prefix):
                return True
    except OSError as error:
        return error.errno == errno.EBUSY  # what saves move is there
    return False


checkpoint_exists_internal = checkpoint_exists


def get_checkpoint_mtimes(checkpoint_prefixes: Iterable[str]) -> list[float]:
    """Returns when checkpoints were written, in seconds since the epoch.

    Those that are not there are left out, so that nobody can tell of which.

    Args:
        checkpoint_prefixes: their names, which may be patterns.
    """
    found = map(_matching, checkpoint_prefixes)
    return [gfile.stat(path).mtime_nsec / 1e9 for path in found if path is not None]


def _matching(prefix: str) -> str | None:
    """Returns the first file that stands for a checkpoint, V2 before V1."""
    return next(iter([*gfile.glob(prefix + ".index"), *gfile.glob(prefix)]), None)


def generate_checkpoint_state_proto(
    save_dir: Any,
    model_checkpoint_path: Any,
    all_model_checkpoint_paths: list[Any] | None = None,
    all_model_checkpoint_timestamps: Sequence[float] | None = None,
    last_preserved_timestamp: float | None = None,
) -> CheckpointState:
    """Returns what the state file would say, its paths as they would be stored.

    Args:
        save_dir: the folder.
        model_checkpoint_path: the newest checkpoint's prefix.
        all_model_checkpoint_paths: all that are kept, oldest first; left as it is.
        all_model_checkpoint_timestamps: seconds since the epoch, one for each path.
        last_preserved_timestamp: seconds since the epoch.

    Raises:
        ValueError: there are not as many timestamps as paths.
    """
    return CheckpointState(
        *state_update.make_state(
            os.fspath(save_dir),
            os.fspath(model_checkpoint_path),
            all_model_checkpoint_paths,
            all_model_checkpoint_timestamps,
            last_preserved_timestamp,
        )
    )


def update_checkpoint_state(
    save_dir: Any,
    model_checkpoint_path: Any,
    all_model_checkpoint_paths: Sequence[Any] | None = None,
    latest_filename: str | None = None,
    all_model_checkpoint_timestamps: Sequence[float] | None = None,
    last_preserved_timestamp: float | None = None,
) -> None:
    """Writes a folder's state file anew; whoever looks finds the old one or the new.

    Args:
        save_dir: the folder; it must exist.
        model_checkpoint_path: the newest checkpoint's prefix.
        all_model_checkpoint_paths: all that are kept, oldest first.
        latest_filename: the name of the state file, ``"checkpoint"`` if None.
        all_model_checkpoint_timestamps: seconds since the epoch, one for each path.
        last_preserved_timestamp: seconds since the epoch.

    Raises:
        NotFoundError: there is no such folder.
        OpError: the file cannot be written for another reason.
        RuntimeError: the state file would take the place of a checkpoint's file.
        ValueError: there are not as many timestamps as paths.
    """
    update_checkpoint_state_internal(
        save_dir,
        model_checkpoint_path,
        all_model_checkpoint_paths,
        latest_filename,
        False,
        all_model_checkpoint_timestamps,
        last_preserved_timestamp,
    )


def update_checkpoint_state_internal(
    save_dir: Any,
    model_checkpoint_path: Any,
    all_model_checkpoint_paths: Sequence[Any] | None = None,
    latest_filename: str | None = None,
    save_relative_paths: bool = False,
    all_model_checkpoint_timestamps: Sequence[float] | None = None,
    last_preserved_timestamp: float | None = None,
) -> None:
    """Does what `update_checkpoint_state` does; absolute paths may be made relative."""
    with tensorflow_errors():
        state_update.update_checkpoint_state(
            local_path(save_dir),
            model_checkpoint_path,
            all_model_checkpoint_paths,
            latest_filename,
            all_model_checkpoint_timestamps,
            last_preserved_timestamp,
            save_relative_paths=save_relative_paths,
        )


def meta_graph_filename(
    checkpoint_filename: str, meta_graph_suffix: str = "meta"
) -> str:
    """Returns the name of the file with a checkpoint's graph; its shards have one."""
    return removal.meta_graph_name(checkpoint_filename, meta_graph_suffix)


def remove_checkpoint(
    checkpoint_prefix: Any,
    checkpoint_format_version: Any = "v2",
    meta_graph_suffix: str = "meta",
) -> None:
    """Deletes a checkpoint's files, those that are there; names are literal.

    Args:
        checkpoint_prefix: the checkpoint's name.
        checkpoint_format_version: TensorFlow's number, 2 or 1, or "v2" or "v1".
        meta_graph_suffix: what follows the dot in the name of the graph's file.

    Raises:
        OpError: a file cannot be deleted.
    """
    with tensorflow_errors():
        removal.remove_checkpoint(
            local_path(checkpoint_prefix), checkpoint_format_version, meta_graph_suffix
        )
