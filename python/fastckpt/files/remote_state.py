"""State files behind URLs, and whether the checkpoints that they name are there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastckpt.files.find import Resolved
from fastckpt.files.remote import Store
from fastckpt.files.remote_resolve import Finder
from fastckpt.files.state_text import STATE_NAME, CheckpointState

__all__ = [
    "remote_exists",
    "remote_latest",
    "remote_listed",
    "remote_others",
    "remote_state",
]

StorageOptions = Mapping[str, Any] | None


def remote_state(
    folder: str, name: str, options: StorageOptions = None
) -> CheckpointState | None:
    """Gives what a folder's state file says, None where there is no such file.

    Its names are URLs beside it: a local path in it means its base name.

    Raises as ``get_checkpoint_state``, and what reading a URL raises.
    """
    finder = Finder(Store(folder, options))
    return finder.state_of(finder.store.name, name)


def remote_latest(folder: str, name: str, options: StorageOptions = None) -> str | None:
    """Gives the newest checkpoint's prefix, None where that is not there."""
    finder = Finder(Store(folder, options))
    state = finder.state_of(finder.store.name, name)
    if state is None or finder.find(state.model_checkpoint_path) is None:
        return None
    return state.model_checkpoint_path


def remote_exists(prefix: str, options: StorageOptions = None) -> bool:
    """Tells whether anything of a checkpoint's name is there."""
    finder = Finder(Store(prefix, options))
    return finder.exists(finder.store.name)


def remote_listed(folder: str, options: StorageOptions = None) -> list[Resolved]:
    """Gives the checkpoints that a folder's state file lists and that are there.

    The newest comes last. Without a state file nothing tells which is the newest.
    """
    finder = Finder(Store(folder, options))
    name = finder.store.name.removesuffix(f"/{STATE_NAME}")
    state = finder.state_of(name)
    if state is None:
        return []
    latest = state.model_checkpoint_path
    listed = dict.fromkeys([*state.all_model_checkpoint_paths, latest])
    names = [it for it in listed if it != latest] + [latest]
    return [found for it in names if (found := finder.find(it)) is not None]


def remote_others(store: Store, prefix: str) -> list[str]:
    """Gives the prefixes of the other V2 checkpoints beside one."""
    folder, _, base = prefix.rpartition("/")
    names = store.list(folder) or []
    bases = [it.removesuffix(".index") for it in names if it.endswith(".index")]
    return [f"{folder}/{it}" for it in bases if it not in ("", base)]
