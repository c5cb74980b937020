"""Pairs runs of layers: sequences that agree in every shape, under one order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from itertools import pairwise, permutations
from typing import NamedTuple

import numpy as np

from fastckpt.matching.layers import Layer, Shape, fit
from fastckpt.matching.likeness import LEAST, MARGIN, Likeness, Matrix, choose_mutual
from fastckpt.matching.same_words import is_told_apart, shift_between
from fastckpt.matching.templates import Run, Signature, is_level, make_runs, slot_words

__all__ = ["Alignment", "align_runs"]

#: More runs of one signature than these are not compared.
_MOST = 10_000

Pairs = dict[Layer, Layer]


class Alignment(NamedTuple):
    """What the runs tell.

    Attributes:
        pairs: By targets, the sources.
        rivals: By targets, the sources that the longest runs leave open.
    """

    pairs: Pairs
    rivals: dict[Layer, list[Layer]]


def align_runs(
    sources: Sequence[Layer],
    targets: Sequence[Layer],
    likeness: Likeness,
    used: set[Layer],
) -> Alignment:
    """Pairs layers by the longest runs first; those that are used already stay out."""
    search = _Search(sources, targets, likeness, used)
    search.run()
    return search.result


class _Search:
    """The runs of both sides, and what has been decided about them."""

    def __init__(
        self,
        sources: Sequence[Layer],
        targets: Sequence[Layer],
        likeness: Likeness,
        used: set[Layer],
    ) -> None:
        theirs, ours = make_runs(sources, is_counted=True), make_runs(targets)
        self._theirs, self._ours = _by_signature(theirs), _by_signature(ours)
        self._parts = _by_template(theirs), _by_template(ours)
        self._layers = sources, targets
        self._likeness = likeness
        self._used = set(used)
        self.result = Alignment({}, {})

    def run(self) -> None:
        shared = self._theirs.keys() & self._ours.keys()
        for signature in sorted(shared, key=_length, reverse=True):
            mine = [it for it in self._ours[signature] if self._is_free(it)]
            # What others have taken fits no less: nothing is chosen because it is left.
            theirs = self._theirs[signature]
            is_little = 0 < len(mine) * len(theirs) <= _MOST
            if is_little and not self._likeness.is_too_much(
                _firsts(theirs), _firsts(mine)
            ):
                for pairs in self._decide(theirs, mine):
                    self._add(pairs)

    def _is_free(self, run: Run) -> bool:
        return self._used.isdisjoint(run.members)

    def _add(self, pairs: Pairs) -> None:
        members = {*pairs, *pairs.values()}
        if self._used.isdisjoint(members):
            self.result.pairs.update(pairs)
            self._used.update(members)

    def _decide(self, sources: list[Run], targets: list[Run]) -> list[Pairs]:
        """Gives the pairs of the runs of one signature that have no second reading."""
        aligned = [[_align(theirs, ours) for theirs in sources] for ours in targets]
        # What fits in an order that is not certain is a rival all the same.
        fits = np.array(
            [[_may_fit(theirs, ours) for theirs in sources] for ours in targets]
        )
        scores = self._score(sources, targets)
        scores[~fits] = -1
        chosen = set(choose_mutual(scores))
        for row, column in zip(*np.nonzero(fits), strict=True):
            is_only = fits[row].sum() == fits[:, column].sum() == 1
            if is_only and sources[column].forms > 1:
                chosen.add((row, column))
        decided = []
        for row, column in sorted(chosen):
            pair, pairs = (sources[column], targets[row]), aligned[row][column]
            if pairs is None or not all(run.is_natural for run in pair):
                continue
            has_rival = self._has_rival(*pair, scores[row, column])
            if not has_rival and not self._is_named_twice(*pair, scores[row, column]):
                decided.append(pairs)
        for options in aligned:
            self._leave_open([pairs for pairs in options if pairs], decided)
        return decided

    def _score(self, sources: list[Run], targets: list[Run]) -> Matrix:
        return self._likeness.compare(_firsts(sources), _firsts(targets))

    def _is_named_twice(self, sources: Run, targets: Run, score: float) -> bool:
        """Tells whether another layer has the same words, in no run of theirs."""
        if score < LEAST:
            return False
        theirs, ours = sources.members, targets.members
        forms = {it.form for it in theirs}
        others = [
            [
                it
                for it in layers
                if it.form in forms and it.sort == run[0].sort
                if it not in self._used and it not in run
            ]
            for layers, run in zip(self._layers, (theirs, ours), strict=True)
        ]
        found = (
            self._likeness.compare(others[0], ours[:1]),
            self._likeness.compare(theirs[:1], others[1]),
        )
        return any((scores > score - MARGIN).any() for scores in found)

    def _leave_open(self, options: list[Pairs], decided: list[Pairs]) -> None:
        if len(options) > 1 and not any(pairs in decided for pairs in options):
            for pairs in options:
                for target, source in pairs.items():
                    self.result.rivals.setdefault(target, []).append(source)

    def _has_rival(self, sources: Run, targets: Run, score: float) -> bool:
        """Tells whether a good part of one run fits what is beside the other as well.

        The order of numbers decides within a run: conv1 and conv2 of one shape. It
        tells nothing about layers of another name that are as many.
        """
        # Each as (source, target): parts of one with what is beside the other.
        theirs = [
            (part, rival)
            for part in _parts_of(sources, self._parts[0])
            for rival in self._beside(targets, self._ours[part.signature])
        ]
        ours = [
            (rival, part)
            for part in _parts_of(targets, self._parts[1])
            for rival in self._beside(sources, self._theirs[part.signature])
        ]
        return any(
            self._score([one], [other])[0, 0] > score - MARGIN
            and _align(one, other) is not None
            for one, other in [*theirs, *ours]
        )

    def _beside(self, run: Run, others: Iterable[Run]) -> Iterable[Run]:
        members = set(run.members)
        return (
            it for it in others if self._is_free(it) and not members & {*it.members}
        )


def _firsts(runs: list[Run]) -> list[Layer]:
    return [run.members[0] for run in runs]


def _parts_of(run: Run, parts: dict[Hashable, list[Run]]) -> Iterable[Run]:
    """Gives the runs within one that are a third of it and more."""
    members = set(run.members)
    for part in parts[run.members[0].template, run.members[0].sort]:
        is_large = len(members) > len(part.members) >= len(members) / 3
        if is_large and members.issuperset(part.members):
            yield part


def _by_template(runs: Iterable[Run]) -> dict[Hashable, list[Run]]:
    groups: dict[Hashable, list[Run]] = defaultdict(list)
    for run in runs:
        groups[run.members[0].template, run.members[0].sort].append(run)
    return groups


def _by_signature(runs: Iterable[Run]) -> dict[Signature, list[Run]]:
    groups: dict[Signature, list[Run]] = defaultdict(list)
    for run in runs:
        groups[run.signature].append(run)
    return groups


def _length(signature: Signature) -> tuple[int, str]:
    return len(signature[1]), repr(signature)


def _align(sources: Run, targets: Run) -> Pairs | None:
    """Gives the pairs of two runs under one order; None where it is not certain."""
    pairs = _in_order(sources, targets, tuple(range(len(targets.slots))))
    # Which blocks a part of the checkpoint's is in is no matter of taste.
    is_placed = sources.place is not None and sources.place == targets.place
    if pairs is None or not (sources.is_whole or is_placed):
        return None
    if not (targets.is_whole or is_placed or is_level(sources, targets)):
        return None
    if any(it.is_counted for it in sources.members) and not is_told_apart(
        sources.members
    ):
        return None
    for order in permutations(range(len(targets.slots))):
        other = _in_order(sources, targets, order)
        if other is not None and other != pairs and not _say_same(sources, targets):
            return None
    return pairs


def _may_fit(sources: Run, targets: Run) -> bool:
    """Tells whether two runs agree in some order, certain or not."""
    orders = permutations(range(len(targets.slots)))
    return any(_in_order(sources, targets, order) is not None for order in orders)


def _say_same(sources: Run, targets: Run) -> bool:
    """Tells whether the words before the numbers decide which is which."""
    theirs, ours = slot_words(sources), slot_words(targets)
    return theirs == ours and len(set(ours)) == len(ours) and None not in ours


def _in_order(sources: Run, targets: Run, order: tuple[int, ...]) -> Pairs | None:
    values = [tuple(value[at] for at in order) for value in targets.values]
    ordered = sorted(zip(values, targets.members, strict=True), key=lambda it: it[0])
    pairs = {
        target: source
        for (_, target), source in zip(ordered, sources.members, strict=True)
    }
    if not _agree(sources, [value for value, _ in ordered]):
        return None
    is_fit = all(fit(source, target) for target, source in pairs.items())
    return pairs if is_fit else None


def _agree(sources: Run, ours: list[tuple[int, ...]]) -> bool:
    """Tells whether each number runs along one of the other side.

    A flat count may run along a nested one where the shapes differ on the way, and
    nothing is left out of the checkpoint's.
    """
    theirs = sources.values
    if theirs == ours:
        return True
    if not _is_unbroken(theirs):
        return False
    if len(theirs[0]) != len(ours[0]):
        return sources.forms > 1
    columns = zip(zip(*theirs, strict=True), zip(*ours, strict=True), strict=True)
    return all(_agree_at(sources, one, other) for one, other in columns)


def _agree_at(sources: Run, theirs: tuple[int, ...], ours: tuple[int, ...]) -> bool:
    ranks = sorted(set(theirs)), sorted(set(ours))
    if len(ranks[0]) != len(ranks[1]):
        return False
    mapped = dict(zip(*ranks, strict=True))
    if any(mapped[a] != b for a, b in zip(theirs, ours, strict=True)):
        return False
    if shift_between(*ranks) is not None:
        return True
    return sources.forms > 1 and (_is_gapless(ranks[0]) or _is_forced(sources, theirs))


def _is_gapless(numbers: Sequence[int]) -> bool:
    return all(b - a == 1 for a, b in pairwise(numbers))


def _is_forced(run: Run, column: tuple[int, ...]) -> bool:
    """Tells whether the shapes alone say which number is which."""
    by_number: dict[int, list[Shape]] = defaultdict(list)
    for number, member in zip(column, run.members, strict=True):
        by_number[number].append(member.form)
    return len(set(map(tuple, by_number.values()))) == len(by_number)


def _is_unbroken(values: list[tuple[int, ...]]) -> bool:
    """Tells whether the last numbers follow one another, from one beginning."""
    last: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for value in values:
        last[value[:-1]].append(value[-1])
    begins = {numbers[0] for numbers in last.values()}
    above = sorted({value[:-1] for value in values})
    is_even = len(begins) == 1 and all(map(_is_gapless, last.values()))
    return is_even and (len(above[0]) == 0 or _is_unbroken(above))
