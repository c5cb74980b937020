"""What the text of a state file says.

Source: tensorflow/python/training/checkpoint_state.proto.
"""

from __future__ import annotations

from typing import NamedTuple

from fastckpt import _native
from fastckpt.errors import CorruptionError

__all__ = [
    "MAX_STATE_BYTES",
    "STATE_NAME",
    "CheckpointState",
    "parse_fields",
    "parse_state",
]

# The state file's name where the caller gives none.
STATE_NAME = "checkpoint"

# Far above any real state file; a larger file is not looked into.
MAX_STATE_BYTES = 4 << 20


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
