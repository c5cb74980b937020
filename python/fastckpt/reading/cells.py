"""What notebooks show of checkpoints, and of what was found in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastckpt.base.html import fold_table, frame, quote
from fastckpt.base.text import escape, format_count, format_shape, format_size

if TYPE_CHECKING:
    from fastckpt.reading.checkpoint import Checkpoint
    from fastckpt.reading.results import TensorInfo, VerifyReport

__all__ = ["show_checkpoint", "show_report"]


def show_checkpoint(checkpoint: Checkpoint) -> str:
    """Gives what the index tells: no data file is touched, and nothing is raised."""
    try:
        infos = checkpoint.infos()
    except Exception:  # closed: a cell that shows it is no place for an error
        return f"<div>{quote(repr(checkpoint))}</div>"
    size = format_size(sum(info.nbytes or 0 for info in infos))
    unreadable = sum(info.problem is not None for info in infos)
    facts = [checkpoint.format, format_count(len(infos), "tensor"), size]
    facts += [f"{unreadable:,} of them unreadable"] if unreadable else []
    table = fold_table(
        "tensors" if len(infos) != 1 else "tensor",
        ["name", "dtype", "shape", "size"],
        map(_show_tensor, infos),
        len(infos),
    )
    return frame(checkpoint.path, [*facts, f"read by {checkpoint.io}"], [table])


def _show_tensor(info: TensorInfo) -> list[str]:
    size = "-" if info.nbytes is None else format_size(info.nbytes)
    shape = format_shape(tuple(info.shape))
    return [escape(info.name), info.tf_dtype or str(info.dtype), shape, size]


def show_report(report: VerifyReport) -> str:
    """Gives what ``verify()`` has found."""
    count = len(report.problems)
    title = "ok" if report.ok else format_count(count, "problem")
    facts = [
        format_count(report.tensors_checked, "tensor"),
        f"{format_size(report.bytes_checked)} checked in {report.seconds:.3g} s",
    ]
    table = fold_table(
        "findings" if len(report.findings) != 1 else "finding",
        ["cause", "what was found", "what to do", "tensors"],
        (
            [it.cause, it.message, it.advice, f"{len(it.tensors):,}"]
            for it in report.findings
        ),
        len(report.findings),
        is_open=True,
    )
    return frame(title, facts, [table])
