"""What notebooks show of a plan: what is open first, then what is settled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastckpt.base.html import count_facts, fold_names, fold_table, frame
from fastckpt.base.names import list_some
from fastckpt.base.text import escape

if TYPE_CHECKING:
    from fastckpt.matching.plan import MatchPlan

__all__ = ["show_plan"]


def show_plan(plan: MatchPlan) -> str:
    """Gives which tensors become which parameters; reads nothing."""
    proposed = set(plan.proposed)
    pairs = fold_table(
        "matched",
        ["parameter", "becomes of", "by"],
        (
            [
                escape(name),
                str(pair),
                "names and shapes" if name in proposed else "rules",
            ]
            for name, pair in plan.pairs.items()
        ),
        len(plan.pairs),
    )
    ambiguous = fold_table(
        "ambiguous",
        ["parameter", "could be"],
        (
            [escape(name), list_some(sources)]
            for name, sources in plan.ambiguous.items()
        ),
        len(plan.ambiguous),
        is_open=True,
    )
    parts = [
        fold_names("misfits", plan.misfits),
        ambiguous,
        fold_names("missing: nothing becomes them", plan.missing),
        fold_names("unused: they become nothing", plan.unused),
        pairs,
        fold_names("untouched", plan.untouched),
        fold_names("left out", plan.left_out),
        fold_names("lines that fit nothing", plan.idle),
    ]
    facts = [f"{len(plan.pairs):,} matched"]
    facts += count_facts(
        (
            (plan.ambiguous, "ambiguous"),
            (plan.missing, "missing"),
            (plan.unused, "unused"),
            (plan.misfits, "misfits"),
        )
    )
    return frame("finished" if plan.is_finished else "not finished", facts, parts)
