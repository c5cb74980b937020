"""Pairs runs of layers: sequences that agree in every shape, under one order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from fastckpt.matching.blocks import are_level, count_blocks
from fastckpt.matching.layers import MATRIX, Layer, common_scope, find_uneven, is_in
from fastckpt.matching.likeness import LEAST, MARGIN, Likeness, Matrix, choose_mutual
from fastckpt.matching.orders import Reading, count_comparisons, read_in_order
from fastckpt.matching.templates import Run, Signature, make_runs
from fastckpt.matching.twins import Twins

__all__ = ["Alignment", "align_runs"]

#: More pairs of runs of one signature than these are not compared, ...
_MOST = 10_000
#: ... nor are those that take more comparisons of two layers.
_MOST_COMPARISONS = 200_000
#: Fewer normalizations whose names have nothing in common are no run.
_LEAST_NORMS = 3

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
        self._uneven = find_uneven(sources, targets)
        self._blocks = count_blocks(sources), count_blocks(targets)
        self._likeness = likeness
        self._used = set(used)
        self._passed: set[Layer] = set()
        self._twins = Twins(sources), Twins(targets)
        self.result = Alignment({}, {})

    def run(self) -> None:
        shared = self._theirs.keys() & self._ours.keys()
        shared = {it for it in shared if not self._is_uneven(it)}
        for signature in sorted(shared, key=_length, reverse=True):
            mine = [it for it in self._ours[signature] if self._is_open(it)]
            # What others have taken fits no less: nothing is chosen because it is left.
            theirs = self._theirs[signature]
            if mine and self._is_too_much(theirs, mine):
                self._passed.update(it for run in mine for it in run.members)
            elif mine:
                for pairs in self._decide(theirs, mine):
                    self._add(pairs)

    def _is_uneven(self, signature: Signature) -> bool:
        """Tells whether a side has more layers of such shapes: some are missing."""
        sort, forms = signature
        return any((sort, form) in self._uneven for form in forms)

    def _is_too_much(self, sources: list[Run], targets: list[Run]) -> bool:
        pairs = len(sources) * len(targets)
        is_long = count_comparisons(sources, targets) > _MOST_COMPARISONS
        return (
            pairs > _MOST
            or (pairs > 1 and is_long)
            or self._likeness.is_too_much(_firsts(sources), _firsts(targets))
        )

    def _is_open(self, run: Run) -> bool:
        """Tells whether nothing longer that a run is in was too much to compare."""
        return self._is_free(run) and self._passed.isdisjoint(run.members)

    def _is_free(self, run: Run) -> bool:
        return self._used.isdisjoint(run.members)

    def _add(self, pairs: Pairs) -> None:
        members = {*pairs, *pairs.values()}
        if self._used.isdisjoint(members):
            self.result.pairs.update(pairs)
            self._used.update(members)

    def _decide(self, sources: list[Run], targets: list[Run]) -> list[Pairs]:
        """Gives the pairs of the runs of one signature that have no second reading."""
        read = [[self._align(theirs, ours) for theirs in sources] for ours in targets]
        # What fits in an order that is not certain is a rival all the same.
        fits = np.array([[it.is_fit for it in row] for row in read])
        scores = self._score(sources, targets)
        scores[~fits] = -1
        chosen = set(choose_mutual(scores))
        for row, column in zip(*np.nonzero(fits), strict=True):
            is_only = fits[row].sum() == fits[:, column].sum() == 1
            if is_only and sources[column].forms > 1:
                chosen.add((row, column))
        decided = []
        for row, column in sorted(chosen):
            pair, pairs = (sources[column], targets[row]), read[row][column].pairs
            if pairs is None or not all(run.is_natural for run in pair):
                continue
            has_rival = self._has_rival(*pair, scores[row, column])
            if not has_rival and not self._is_named_twice(*pair, scores[row, column]):
                decided.append(pairs)
        for row_of in read:
            self._leave_open([it.pairs for it in row_of if it.pairs], decided)
        return decided

    def _align(self, sources: Run, targets: Run) -> Reading:
        reading = read_in_order(sources, targets)
        is_sure = reading.pairs and are_level(sources, targets, self._blocks)
        return reading if is_sure else reading._replace(pairs=None)

    def _score(self, sources: list[Run], targets: list[Run]) -> Matrix:
        return self._likeness.compare(_firsts(sources), _firsts(targets))

    def _is_named_twice(self, sources: Run, targets: Run, score: float) -> bool:
        """Tells whether another layer has the same words, in no run of theirs."""
        if self._has_sisters(sources, 0) and self._has_sisters(targets, 1):
            return True
        if score < LEAST:
            sort = sources.members[0].sort
            is_short = sort != MATRIX and len(sources.members) < _LEAST_NORMS
            return is_short or self._has_twin(sources, targets)
        if _is_one_of_many(sources, self._layers[0]):
            return True
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

    def _has_twin(self, sources: Run, targets: Run) -> bool:
        """Tells whether one may be another than this one, of which layers are lost."""
        theirs, ours = self._twins
        return ours.has_another(sources, targets, self._used) or theirs.has_another(
            targets, sources, self._used
        )

    def _has_sisters(self, run: Run, side: int) -> bool:
        """Tells whether its normalizations have others of their size beside them."""
        if run.members[0].sort == MATRIX:
            return False
        members = set(run.members)
        beside = {(it.template, it.numbers[:-1], it.form) for it in members}
        return any(
            (it.template, it.numbers[:-1], it.form) in beside
            for it in self._layers[side]
            if it not in members and it not in self._used
        )

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
            and self._align(one, other).pairs is not None
            for one, other in [*theirs, *ours]
        )

    def _beside(self, run: Run, others: Iterable[Run]) -> Iterable[Run]:
        members = set(run.members)
        return (
            it for it in others if self._is_free(it) and not members & {*it.members}
        )


def _is_one_of_many(run: Run, layers: Sequence[Layer]) -> bool:
    """Tells whether normalizations of one size are not all of these in their scope."""
    sort, form = run.members[0].sort, run.members[0].form
    if sort == MATRIX or run.forms > 1:
        return False
    scope = common_scope(run.members)
    same = sum((it.sort, it.form) == (sort, form) and is_in(it, scope) for it in layers)
    return same > len(run.members)


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
