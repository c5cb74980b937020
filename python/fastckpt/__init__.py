"""TensorFlow checkpoints without TensorFlow: fast, checked, zero-copy."""

from typing import TYPE_CHECKING, Any

from fastckpt._native import TensorInfo, __version__
from fastckpt.checkpoint import Checkpoint, open
from fastckpt.deferred import importing
from fastckpt.errors import CheckpointError, CorruptionError, UnsupportedError

if TYPE_CHECKING:
    from fastckpt.edit import rewrite
    from fastckpt.graph.freeze import freeze
    from fastckpt.graph.meta_graph import MetaGraph
    from fastckpt.removal import remove_checkpoint
    from fastckpt.report import Problem, TensorLayout, TensorPiece, VerifyReport
    from fastckpt.saver import Saver
    from fastckpt.state import (
        CheckpointState,
        checkpoint_exists,
        get_checkpoint_state,
        latest_checkpoint,
        update_checkpoint_state,
    )
    from fastckpt.writer import Writer, merge, save

__all__ = [
    "Checkpoint",
    "CheckpointError",
    "CheckpointState",
    "CorruptionError",
    "MetaGraph",
    "Problem",
    "Saver",
    "TensorInfo",
    "TensorLayout",
    "TensorPiece",
    "UnsupportedError",
    "VerifyReport",
    "Writer",
    "__version__",
    "checkpoint_exists",
    "freeze",
    "get_checkpoint_state",
    "latest_checkpoint",
    "merge",
    "open",
    "remove_checkpoint",
    "rewrite",
    "save",
    "update_checkpoint_state",
]

# Loaded when first asked for: reading needs none of them.
_LAZY = {
    "CheckpointState": "state",
    "MetaGraph": "graph.meta_graph",
    "Problem": "report",
    "Saver": "saver",
    "TensorLayout": "report",
    "TensorPiece": "report",
    "VerifyReport": "report",
    "Writer": "writer",
    "checkpoint_exists": "state",
    "freeze": "graph.freeze",
    "get_checkpoint_state": "state",
    "latest_checkpoint": "state",
    "merge": "writer",
    "remove_checkpoint": "removal",
    "rewrite": "edit",
    "save": "writer",
    "update_checkpoint_state": "state",
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    with importing:
        from importlib import import_module

        value = getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))
