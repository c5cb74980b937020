"""The text file ``checkpoint`` that names a folder's newest checkpoints.

Paths in it are literal. One that is relative is relative to the file's folder.

Source: tensorflow/python/checkpoint/checkpoint_management.py,
tensorflow/python/training/checkpoint_state.proto.
"""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Mapping
from typing import Any

from fastckpt.base.deferred import importing
from fastckpt.errors import CorruptionError
from fastckpt.files.discover import newest_complete
from fastckpt.files.find import PathName, exists, kind_of
from fastckpt.files.foreign import WORDS, kind_of_bytes
from fastckpt.files.state_text import (
    MAX_STATE_BYTES,
    STATE_NAME,
    CheckpointState,
    parse_fields,
    parse_state,
)
from fastckpt.files.urls import remote_url, source_path

__all__ = [
    "STATE_NAME",
    "CheckpointState",
    "checkpoint_exists",
    "get_checkpoint_state",
    "latest_checkpoint",
    "parse_fields",
    "parse_state",
    "read_content",
    "read_state",
]

_WINDOWS_ROOT = re.compile(r"[A-Za-z]:[\\/]|\\\\")


def checkpoint_exists(
    checkpoint_prefix: PathName, *, storage_options: Mapping[str, Any] | None = None
) -> bool:
    """Tells whether anything of a checkpoint's name is there.

    That is a V2 index, a V1 file or shards; as in TensorFlow, which looks no
    further, a folder or another file of that name too. The name is literal.

    Args:
        checkpoint_prefix: The name.
        storage_options: What a URL's file system is made with.
    """
    if (url := remote_url(checkpoint_prefix)) is not None:
        with importing:
            from fastckpt.files.remote_state import remote_exists

        return remote_exists(url, storage_options)
    return exists(source_path(checkpoint_prefix))


def latest_checkpoint(
    directory: PathName,
    latest_filename: str | None = None,
    *,
    storage_options: Mapping[str, Any] | None = None,
) -> str | None:
    """Gives the newest checkpoint's prefix, None where no state file names one.

    Args:
        directory: The folder of the state file.
        latest_filename: The state file's name; "checkpoint" if None.
        storage_options: What a URL's file system is made with.

    Returns:
        The prefix, joined to the folder where the state file has it relative; None
        too where the checkpoint is not there.

    Raises:
        CorruptionError: The state file is damaged; the message says how to go on.
        OSError: The state file cannot be read.
    """
    if (url := remote_url(directory)) is not None:
        with importing:
            from fastckpt.files.remote_state import remote_latest

        return remote_latest(url, latest_filename or STATE_NAME, storage_options)
    state = get_checkpoint_state(directory, latest_filename)
    if state is not None and exists(state.model_checkpoint_path):
        return state.model_checkpoint_path
    return None


def get_checkpoint_state(
    directory: PathName,
    latest_filename: str | None = None,
    *,
    storage_options: Mapping[str, Any] | None = None,
) -> CheckpointState | None:
    """Gives what a folder's state file says, None where there is no such file.

    An absolute path that is not there is looked for by its base name beside the
    state file: a folder that was moved still works, with a warning.

    Args:
        directory: The folder of the state file.
        latest_filename: The state file's name; "checkpoint" if None.
        storage_options: What a URL's file system is made with.

    Returns:
        The state, its relative paths joined to the folder.

    Raises:
        CorruptionError: The state file is damaged; the message says how to go on.
        OSError: The state file cannot be read.
    """
    if (url := remote_url(directory)) is not None:
        with importing:
            from fastckpt.files.remote_state import remote_state

        return remote_state(url, latest_filename or STATE_NAME, storage_options)
    folder = source_path(directory)
    return read_state(os.path.join(folder, latest_filename or STATE_NAME), folder)


def read_state(path: str, folder: str) -> CheckpointState | None:
    """Gives what the state file at a path says, joined to its folder; else None."""
    content = read_content(path)
    if content is None:
        return None
    try:
        state = parse_state(content.decode("utf-8", "surrogateescape"))
    except CorruptionError as error:
        raise damaged(path, str(error), content) from None
    return _located(state, path, folder)


def damaged(path: str, reason: str, content: bytes) -> CorruptionError:
    """Makes the error for a state file that cannot be used; it says how to go on."""
    what = WORDS.get(kind_of_bytes(content) or "")
    if what is None and b"\0" in content:
        reason = f"it holds binary data ({reason})"
    said = f"no state file but {what}" if what else f"damaged state file: {reason}"
    newest = newest_complete(os.path.dirname(path))
    if newest is None:
        advice = _advise(path) or "no complete checkpoint lies in its folder"
    else:
        advice = (
            f"the newest complete checkpoint in its folder is {newest!r}: verify and "
            "name it"
        )
    return CorruptionError(f"{path}: {said}; {advice}", path=path)


def _advise(path: str) -> str | None:
    """Says what to do with what is no state file; None where it is not known."""
    with importing:
        from fastckpt.files.next_steps import find_foreign

    found = find_foreign(path)
    return None if found is None or found.kind == "empty" else found.advice


def read_content(path: str) -> bytes | None:
    """Gives what is in a state file; None where no file is.

    Raises:
        CorruptionError: It is too large to be one.
        OSError: It cannot be read, or is neither file nor folder.
    """
    if kind_of(path) != "file":
        return None
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:
        content = file.read(MAX_STATE_BYTES + 1)
    if len(content) > MAX_STATE_BYTES:
        raise damaged(path, f"it is larger than {MAX_STATE_BYTES} bytes", content)
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
    elif rival := _find_rival(found[0], folder):
        warnings.warn(
            f"{path} names {found[0]!r}, in another folder, and {rival!r} lies beside "
            "it: was the folder copied or moved? Name the one that is meant",
            stacklevel=4,
        )
    return state._replace(
        model_checkpoint_path=found[0], all_model_checkpoint_paths=found[1:]
    )


def _find_rival(prefix: str, folder: str) -> str | None:
    """Gives the checkpoint of the same name beside a state file that names another."""
    beside = os.path.join(folder, os.path.basename(prefix))
    own, other = map(os.path.realpath, (folder or ".", os.path.dirname(prefix) or "."))
    return beside if own != other and exists(beside) else None


def _locate(name: str, folder: str) -> str:
    path = os.path.join(folder, name)
    windows = _WINDOWS_ROOT.match(name)
    if not (os.path.isabs(name) or windows) or exists(path):
        return path
    base = re.split(r"[\\/]", name)[-1] if windows else os.path.basename(name)
    beside = os.path.join(folder, base)
    return beside if base and exists(beside) else path
