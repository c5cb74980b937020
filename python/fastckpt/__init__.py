"""TensorFlow checkpoints without TensorFlow: fast, checked, zero-copy."""

from typing import TYPE_CHECKING, Any

from fastckpt._native import TensorInfo, __version__
from fastckpt.checkpoint import Checkpoint
from fastckpt.checkpoint import open as open  # not in __all__: it has a builtin's name
from fastckpt.deferred import importing
from fastckpt.errors import CheckpointError, CorruptionError, UnsupportedError

if TYPE_CHECKING:
    from fastckpt.checking.diff import Change, Diff, diff
    from fastckpt.checking.examine import Examination, examine
    from fastckpt.checking.statistics import Statistics, statistics
    from fastckpt.edit import rewrite
    from fastckpt.editing.average import average
    from fastckpt.editing.convert import convert
    from fastckpt.editing.strip import strip
    from fastckpt.graph.freeze import freeze
    from fastckpt.graph.meta_graph import MetaGraph
    from fastckpt.reading.load import load
    from fastckpt.removal import remove_checkpoint
    from fastckpt.report import (
        Finding,
        Problem,
        TensorLayout,
        TensorPiece,
        VerifyReport,
    )
    from fastckpt.saver import Saver
    from fastckpt.state import (
        CheckpointState,
        checkpoint_exists,
        get_checkpoint_state,
        latest_checkpoint,
        update_checkpoint_state,
    )
    from fastckpt.writer import Writer, save
    from fastckpt.writing.merging import merge

__all__ = [
    "Change",
    "Checkpoint",
    "CheckpointError",
    "CheckpointState",
    "CorruptionError",
    "Diff",
    "Examination",
    "Finding",
    "MetaGraph",
    "Problem",
    "Saver",
    "Statistics",
    "TensorInfo",
    "TensorLayout",
    "TensorPiece",
    "UnsupportedError",
    "VerifyReport",
    "Writer",
    "__version__",
    "average",
    "checkpoint_exists",
    "convert",
    "diff",
    "examine",
    "freeze",
    "get_checkpoint_state",
    "latest_checkpoint",
    "load",
    "merge",
    "remove_checkpoint",
    "rewrite",
    "save",
    "statistics",
    "strip",
    "update_checkpoint_state",
]

# Loaded when first asked for: reading needs none of them.
_LAZY = {
    "Change": "checking.diff",
    "CheckpointState": "state",
    "Diff": "checking.diff",
    "Examination": "checking.examine",
    "Finding": "report",
    "MetaGraph": "graph.meta_graph",
    "Problem": "report",
    "Saver": "saver",
    "Statistics": "checking.statistics",
    "TensorLayout": "report",
    "TensorPiece": "report",
    "VerifyReport": "report",
    "Writer": "writer",
    "average": "editing.average",
    "checkpoint_exists": "state",
    "convert": "editing.convert",
    "diff": "checking.diff",
    "examine": "checking.examine",
    "freeze": "graph.freeze",
    "get_checkpoint_state": "state",
    "latest_checkpoint": "state",
    "load": "reading.load",
    "merge": "writing.merging",
    "remove_checkpoint": "removal",
    "rewrite": "edit",
    "save": "writer",
    "statistics": "checking.statistics",
    "strip": "editing.strip",
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
