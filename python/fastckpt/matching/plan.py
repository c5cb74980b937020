"""``MatchPlan``: which tensors become which parameters, and what is still open."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fastckpt.base.deferred import importing
from fastckpt.base.names import list_some
from fastckpt.matching.pair import Pair
from fastckpt.matching.patterns import escape
from fastckpt.matching.rules import Rules

if TYPE_CHECKING:
    from fastckpt.base.cast import DType
    from fastckpt.reading.checkpoint import Checkpoint

__all__ = ["MatchPlan", "Settled"]

_MOST_NAMED = 5
_MOST_EQUALS = 20


class Settled(NamedTuple):
    """What a plan says of each name; see the attributes of ``MatchPlan``.

    Attributes:
        alone: Those of the untouched that a line leaves alone.
        left_parts: The parts of tensors that a line leaves out.
    """

    pairs: dict[str, Pair]
    ambiguous: dict[str, list[str]]
    unused: list[str]
    missing: list[str]
    untouched: list[str]
    left_out: list[str]
    misfits: list[str]
    proposed: list[str]
    idle: list[str]
    alone: list[str]
    left_parts: list[Pair]


class MatchPlan:
    """Which tensors of a checkpoint become which parameters; see ``fastckpt.match``.

    Attributes:
        pairs: {parameter: how it comes about}.
        ambiguous: {parameter: sources that have an equal claim to it}.
        unused: The tensors that become nothing, and which nothing leaves out.
        missing: The parameters that nothing becomes.
        untouched: The parameters that are left as they are.
        left_out: The tensors that are left out: by rules, and what only training
            needs, the object graph, save counters.
        misfits: What is wrong with rules that fit, in sentences.
        proposed: The parameters whose pairs no rule made.
        idle: The lines that fit no tensor, in sentences.

    Threads: safe, as far as the checkpoint is.
    """

    def __init__(self, checkpoint: Checkpoint, settled: Settled) -> None:
        self._checkpoint = checkpoint
        self.pairs = settled.pairs
        self.ambiguous = settled.ambiguous
        self.unused = settled.unused
        self.missing = settled.missing
        self.untouched = settled.untouched
        self.left_out = settled.left_out
        self.misfits = settled.misfits
        self.proposed = settled.proposed
        self.idle = settled.idle
        self._alone = settled.alone
        self._left_parts = settled.left_parts

    @property
    def is_finished(self) -> bool:
        """Whether ``load`` has all that it needs."""
        return not (self.ambiguous or self.unused or self.missing or self.misfits)

    def load(self, dtype: DType | None = None) -> dict[str, np.ndarray[Any, Any]]:
        """Loads every parameter that has a source.

        Args:
            dtype: A floating dtype for all that is floating, cast as in
                ``Checkpoint.load``.

        Returns:
            {parameter: array of its shape}, in the order of the parameters: VIEWS of
            the checkpoint, read-only, transposed ones too; COPIES where ``dtype``,
            ``concat`` or ``reshape`` make them.

        Raises:
            ValueError: The plan is not finished; says what is open.
            CorruptionError, OSError: As ``Checkpoint.load``.
        """
        self._check_finished()
        sources = {name for pair in self.pairs.values() for name in pair.sources}
        found = self._checkpoint.load(sources, dtype=dtype) if sources else {}
        return {
            target: pair.apply([found[name] for name in pair.sources])
            for target, pair in self.pairs.items()
        }

    def _check_finished(self) -> None:
        if not self.is_finished:
            raise ValueError(f"the plan is not finished: {'; '.join(self._open())}")

    def _open(self) -> Iterator[str]:
        """Tells what is open, in clauses."""
        yield from self.misfits[:_MOST_NAMED]
        more = len(self.misfits) - _MOST_NAMED
        if more > 0:
            yield f"{more:,} more do not fit"
        for target, sources in list(self.ambiguous.items())[:_MOST_NAMED]:
            yield f"{target!r} could be {list_some(sources)}: a rule must say which"
        more = len(self.ambiguous) - _MOST_NAMED
        if more > 0:
            yield f"{more:,} more are ambiguous"
        if self.missing:
            yield (
                f"nothing becomes {list_some(self.missing)} "
                f"({_line(self.missing, '- -> {}')} leaves it as it is)"
            )
        if self.unused:
            yield (
                f"nothing is made of {list_some(self.unused)} "
                f"({_line(self.unused, '{} -> -')} leaves it out)"
            )

    def to_rules(self) -> Rules:
        """Gives the plan as rules, name by name, which give the same plan again.

        What is open stands in comments.
        """
        lines = []
        for target, pair in self.pairs.items():
            left = " + ".join(map(escape, pair.sources))
            steps = "".join(f" {step}" for step in pair.steps)
            lines.append(f"{left} -> {escape(target)}{steps}")
        lines += [
            f"{escape(pair.sources[0])} -> - {' '.join(map(str, pair.steps))}"
            for pair in self._left_parts
        ]
        lines += [f"{escape(name)} -> -" for name in self.left_out]
        # What a framework keeps, or ties, it does the next time, too.
        lines += [f"- -> {escape(name)}" for name in self._alone]
        lines += [f"# open: {_one_line(clause)}" for clause in self._open()]
        return Rules.parse("".join(f"{line}\n" for line in lines))

    def _tell_pairs(self) -> Iterator[str]:
        proposed = set(self.proposed)
        for target, pair in self.pairs.items():
            how = " (proposed)" if target in proposed else ""
            yield f"{target} <- {pair}{how}"

    def __repr__(self) -> str:
        return (
            f"<fastckpt.MatchPlan: {len(self.pairs)} pairs, {len(self.ambiguous)} "
            f"ambiguous, {len(self.missing)} missing, {len(self.unused)} unused>"
        )

    def _repr_html_(self) -> str:
        with importing:
            from fastckpt.matching.cells import show_plan

        return show_plan(self)

    def __str__(self) -> str:
        lines = [*self._tell_pairs()]
        lines += [f"{name} stays as it is" for name in self.untouched]
        lines += [f"{pair} is left out" for pair in self._left_parts]
        lines += [f"{name} is left out" for name in self.left_out]
        # What is open stands last, where it is seen.
        lines += [
            f"{target} <- ? {_list_equals(sources)}"
            for target, sources in self.ambiguous.items()
        ]
        lines += [f"{name} <- nothing" for name in self.missing]
        lines += [f"{name} -> nothing" for name in self.unused]
        lines += [*self.idle, *self.misfits]
        state = "finished" if self.is_finished else "not finished"
        counts = (
            (len(self.pairs), "matched"),
            (len(self.ambiguous), "ambiguous"),
            (len(self.missing), "missing"),
            (len(self.unused), "unused"),
            (len(self.untouched), "untouched"),
            (len(self.left_out), "left out"),
            (len(self.misfits), "misfits"),
        )
        told = ", ".join(f"{count:,} {word}" for count, word in counts if count)
        return "\n".join([*map(_one_line, lines), f"{state}: {told or 'nothing'}"])


def _list_equals(sources: list[str]) -> str:
    shown = " | ".join(sources[:_MOST_EQUALS])
    more = len(sources) - _MOST_EQUALS
    return f"{shown} | and {more:,} more" if more > 0 else shown


def _line(names: list[str], form: str) -> str:
    """Gives the line of rules that settles the first of some names."""
    return form.format(_one_line(escape(names[0])))


def _one_line(text: str) -> str:
    if text.isprintable():
        return text
    return text.encode("unicode_escape").decode()
