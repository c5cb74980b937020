"""TensorFlow checkpoints without TensorFlow: fast, checked, zero-copy."""

from typing import TYPE_CHECKING, Any

from fastckpt._native import Tensor, TensorInfo, __version__
from fastckpt.base.deferred import importing
from fastckpt.errors import CheckpointError, CorruptionError, UnsupportedError
from fastckpt.reading.checkpoint import Checkpoint
from fastckpt.reading.checkpoint import (
    open as open,  # not in __all__: it has a builtin's name
)

if TYPE_CHECKING:
    from fastckpt.checking.diff import Change, Diff, diff
    from fastckpt.checking.examination import Examination
    from fastckpt.checking.examine import examine
    from fastckpt.checking.salvage import SalvageReport, salvage
    from fastckpt.checking.statistics import Statistics, statistics
    from fastckpt.editing.average import average
    from fastckpt.editing.convert import convert
    from fastckpt.editing.merging import merge
    from fastckpt.editing.rewrite import rewrite
    from fastckpt.editing.strip import strip
    from fastckpt.files.remove import remove_checkpoint
    from fastckpt.files.state_file import (
        CheckpointState,
        checkpoint_exists,
        get_checkpoint_state,
        latest_checkpoint,
    )
    from fastckpt.files.state_update import update_checkpoint_state
    from fastckpt.graph.freeze.freeze import freeze
    from fastckpt.graph.meta_graph import MetaGraph
    from fastckpt.matching.match import match
    from fastckpt.matching.plan import MatchPlan
    from fastckpt.matching.rules import Rules
    from fastckpt.reading.load import load
    from fastckpt.reading.results import (
        Explanation,
        Finding,
        Problem,
        TensorLayout,
        TensorPiece,
        VerifyReport,
    )
    from fastckpt.writing.saver import Saver
    from fastckpt.writing.writer import Writer, save

__all__ = [
    "Change",
    "Checkpoint",
    "CheckpointError",
    "CheckpointState",
    "CorruptionError",
    "Diff",
    "Examination",
    "Explanation",
    "Finding",
    "MatchPlan",
    "MetaGraph",
    "Problem",
    "Rules",
    "SalvageReport",
    "Saver",
    "Statistics",
    "Tensor",
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
    "match",
    "merge",
    "remove_checkpoint",
    "rewrite",
    "salvage",
    "save",
    "statistics",
    "strip",
    "update_checkpoint_state",
]

# Loaded when first asked for: reading needs none of them.
_LAZY = {
    "Change": "checking.diff",
    "CheckpointState": "files.state_file",
    "Diff": "checking.diff",
    "Examination": "checking.examination",
    "Explanation": "reading.results",
    "Finding": "reading.results",
    "MatchPlan": "matching.plan",
    "MetaGraph": "graph.meta_graph",
    "Problem": "reading.results",
    "Rules": "matching.rules",
    "SalvageReport": "checking.salvage",
    "Saver": "writing.saver",
    "Statistics": "checking.statistics",
    "TensorLayout": "reading.results",
    "TensorPiece": "reading.results",
    "VerifyReport": "reading.results",
    "Writer": "writing.writer",
    "average": "editing.average",
    "checkpoint_exists": "files.state_file",
    "convert": "editing.convert",
    "diff": "checking.diff",
    "examine": "checking.examine",
    "freeze": "graph.freeze.freeze",
    "get_checkpoint_state": "files.state_file",
    "latest_checkpoint": "files.state_file",
    "load": "reading.load",
    "match": "matching.match",
    "merge": "editing.merging",
    "remove_checkpoint": "files.remove",
    "rewrite": "editing.rewrite",
    "salvage": "checking.salvage",
    "save": "writing.writer",
    "statistics": "checking.statistics",
    "strip": "editing.strip",
    "update_checkpoint_state": "files.state_update",
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
