"""What notebooks show of how two checkpoints differ."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING

from fastckpt.base.html import count_facts, fold_names, fold_table, frame
from fastckpt.base.text import escape

if TYPE_CHECKING:
    from fastckpt.checking.diff import Change, Diff

__all__ = ["show_diff"]


def show_diff(found: Diff) -> str:
    """Gives what ``diff`` has found; what changed most comes first."""
    changed = sorted(found.changed.items(), key=lambda item: -_weight(item[1]))
    facts = count_facts(
        (
            (found.same, "the same"),
            (found.changed, "changed"),
            (found.added, "only in B"),
            (found.dropped, "only in A"),
        )
    )
    table = fold_table(
        "changed",
        ["name", "values that differ", "relative norm", "largest |b-a|"],
        ([escape(name), *_show_change(change)] for name, change in changed),
        len(changed),
        is_open=len(changed) <= 10,
    )
    parts = [
        table,
        fold_names("only in B", found.added),
        fold_names("only in A", found.dropped),
        fold_names("the same", found.same),
    ]
    is_same = not (found.changed or found.added or found.dropped)
    return frame("the same" if is_same else "they differ", facts, parts)


def _weight(change: Change) -> float:
    if change.not_finite:
        return math.inf
    norm = change.relative_norm
    if norm is None or math.isnan(norm):
        return -1.0
    return min(norm, sys.float_info.max)


def _show_change(change: Change) -> list[str]:
    if change.count is None:
        return ["another dtype or shape, or values that cannot be read", "", ""]
    numbers = (change.relative_norm, change.largest)
    shown = ["-" if it is None else f"{it:.6g}" for it in numbers]
    if change.not_finite:
        shown[0] += f", {change.not_finite:,} not finite"
    return [f"{change.count:,} of {change.size:,}", *shown]
