"""State files behind URLs, and whether the checkpoints that they name are there."""

from __future__ import annotations

from fastckpt.files.remote import Store
from fastckpt.files.remote_resolve import Finder
from fastckpt.files.state_file import CheckpointState

__all__ = ["remote_exists", "remote_latest", "remote_state"]


def remote_state(folder: str, name: str) -> CheckpointState | None:
    """Gives what a folder's state file says, None where there is no such file.

    Its names are URLs beside it: a local path in it means its base name.

    Raises as ``get_checkpoint_state``, and what reading a URL raises.
    """
    finder = Finder(Store(folder))
    return finder.state_of(finder.store.name, name)


def remote_latest(folder: str, name: str) -> str | None:
    """Gives the newest checkpoint's prefix, None where that is not there."""
    finder = Finder(Store(folder))
    state = finder.state_of(finder.store.name, name)
    if state is None or finder.find(state.model_checkpoint_path) is None:
        return None
    return state.model_checkpoint_path


def remote_exists(prefix: str) -> bool:
    """Tells whether anything of a checkpoint's name is there."""
    finder = Finder(Store(prefix))
    return finder.exists(finder.store.name)
