"""Which tensor of a TensorFlow checkpoint becomes which parameter, without rules.

Nothing is guessed: what has a second reading, equally good, is ambiguous. A pair is
proposed where the names say the same, where sequences of layers agree in every shape
under one order of their numbers, where a normalization stands beside a filter that is
paired, where a shape is there once on either side, and where the words of two prefer
each other to all others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from math import prod
from typing import Any, NamedTuple

import numpy as np

from fastckpt.matching import layers as kinds
from fastckpt.matching.alignment import align_runs
from fastckpt.matching.axes import Move
from fastckpt.matching.blocks import Levels
from fastckpt.matching.coherence import find_contradictions
from fastckpt.matching.copies import drop_copies
from fastckpt.matching.layers import (
    Layer,
    Target,
    find_uneven,
    fit,
    read_sources,
    read_targets,
)
from fastckpt.matching.likeness import MOST, Likeness, choose_mutual
from fastckpt.matching.partners import find_estranged, pair_numbered, pair_partners
from fastckpt.matching.same_words import pair_same_words
from fastckpt.matching.single import differ_in_words, find_broken_counts, pair_single
from fastckpt.matching.transforms import Step

__all__ = ["Pair", "Proposal", "Target", "propose"]

Shape = tuple[int, ...]
Pairs = dict[Layer, Layer]
#: What contradicts itself again and again is taken back whole.
_MOST_ROUNDS = 20
Mask = np.ndarray[Any, np.dtype[np.bool_]]


class Pair(NamedTuple):
    """What a parameter is made of.

    Attributes:
        source: The tensor's name.
        steps: What becomes of its axes: squeeze, transpose or permute, or nothing.
    """

    source: str
    steps: tuple[Step, ...] = ()


class Proposal(NamedTuple):
    """What is proposed.

    Attributes:
        pairs: By the parameters' names. Those of which nothing is known are neither
            here nor in ``ambiguous``.
        ambiguous: By the parameters' names, the tensors that fit equally well. One
            alone: nothing tells whether it is transposed.
    """

    pairs: dict[str, Pair]
    ambiguous: dict[str, list[str]]


def propose(sources: Mapping[str, Shape], targets: Mapping[str, Target]) -> Proposal:
    """Proposes which tensors become which parameters.

    Args:
        sources: The shapes of a checkpoint's tensors; optimizer slots left out.
        targets: The shapes of a model's parameters, and what holds them.

    Returns:
        The proposal. No tensor is in two pairs.
    """
    search = _Search(read_sources(sources), read_targets(targets))
    search.run()
    proposal = _settle_axes(search.pairs)
    proposal.ambiguous.update(search.open_readings())
    return proposal


class _Search:
    """The pairs found so far, by targets."""

    def __init__(self, sources: list[Layer], targets: list[Layer]) -> None:
        self._sources, self._targets = sources, targets
        self._rivals: dict[Layer, list[Layer]] = {}
        self._doubtful: set[Layer] = set()
        self._checked = 0
        self._levels = Levels(sources, targets)
        self.pairs: Pairs = {}

    def run(self) -> None:
        every = self._sources
        self._sources = drop_copies(every, self._targets)
        self._pair()
        self._sources = every

    def _pair(self) -> None:
        likeness = Likeness(self._sources, self._targets)
        self.pairs.update(pair_same_words(self._sources, self._targets))
        for sorts in ({kinds.MATRIX}, {kinds.BATCH_NORM, kinds.NORM}):
            used = {*self.pairs, *self.pairs.values()}
            found = align_runs(*self._of(sorts), likeness, used)
            self._add(found.pairs)
            self._rivals.update(found.rivals)
            self._drop_doubtful()
            if kinds.MATRIX in sorts:
                sides = (self._sources, self._targets)
                self._add(pair_single(*sides, self.pairs, likeness, self._levels))
            self._drop_doubtful()
            self._add(self._alike(sorts, likeness))
            self._add(pair_partners(self._sources, self._targets, self.pairs))
            self._add(pair_numbered(self._sources, self._targets, self.pairs))
            self._drop_doubtful()
        self._add(self._alike({kinds.VECTOR, kinds.UNKNOWN}, likeness))
        self._drop_doubtful()

    def _of(self, sorts: set[str]) -> tuple[list[Layer], list[Layer]]:
        return (
            [it for it in self._sources if it.sort in sorts],
            [it for it in self._targets if it.sort in sorts],
        )

    def _left(self, sorts: set[str]) -> tuple[list[Layer], list[Layer]]:
        used = set(self.pairs.values())
        theirs, ours = self._of(sorts)
        return (
            [it for it in theirs if it not in used],
            [it for it in ours if it not in self.pairs],
        )

    def _add(self, pairs: Pairs) -> None:
        used = set(self.pairs.values())
        for target, source in pairs.items():
            is_open = target not in self.pairs and target not in self._doubtful
            if is_open and source not in used:
                self.pairs[target] = source

    def _drop_doubtful(self) -> None:
        """Takes back what contradicts the rest."""
        if len(self.pairs) == self._checked:
            return  # nothing is new
        for round_number in range(_MOST_ROUNDS + 1):
            wrong = find_contradictions(self._targets, self.pairs)
            wrong |= find_estranged(self._sources, self._targets, self.pairs)
            if round_number == _MOST_ROUNDS:
                wrong |= self.pairs.keys()
            self._doubtful |= wrong
            for target in wrong:
                del self.pairs[target]
            if not wrong:
                break
        self._checked = len(self.pairs)

    def _alike(self, sorts: set[str], likeness: Likeness) -> Pairs:
        pairs = _alike(*self._left(sorts), likeness)
        uneven = find_uneven(self._sources, self._targets)
        broken = {it for it in find_broken_counts(self._sources) if len(it) == 1}
        return {
            target: source
            for target, source in pairs.items()
            if (target.sort, target.form) not in uneven
            or not differ_in_words(source, target)
            if self._levels.are_one(source, target)
            if not (source.is_counted and source.tokens[:-1] in broken)
            if not likeness.contradict(source, target)
        }

    def open_readings(self) -> dict[str, list[str]]:
        """Gives for parameters without a source those that might be."""
        every = {it.sort for it in self._targets}
        theirs, ours = self._left(every)
        free = set(theirs)
        by_form = _by_form(theirs)
        readings: dict[str, list[str]] = {}
        lists: dict[Hashable, list[str]] = {}
        for target in ours:
            rivals = [it for it in self._rivals.get(target, ()) if it in free]
            candidates = rivals or by_form.get((target.sort, target.form), [])
            for role, part in target.parts.items():
                same = tuple(map(id, rivals)) if rivals else id(candidates)
                key = (same, role, _look(target))
                if key not in lists:
                    lists[key] = _names(candidates, target, role)
                if len(lists[key]) > 1:
                    readings[part.name] = lists[key]
        return readings


def _names(sources: Iterable[Layer], target: Layer, role: str) -> list[str]:
    fitting = [it for it in sources if role in (fit(it, target) or ())]
    return sorted({it.part(role).name for it in fitting})


def _look(layer: Layer) -> Hashable:
    """Gives all that decides what fits a layer."""
    parts = (
        (role, part.shape, part.kind, part.words.role, part.words.leaf)
        for role, part in sorted(layer.parts.items())
    )
    return (*parts, "depthwise" in layer.tokens)


def _by_form(layers: Iterable[Layer]) -> dict[Hashable, list[Layer]]:
    groups: dict[Hashable, list[Layer]] = defaultdict(list)
    for layer in layers:
        groups[layer.sort, layer.form].append(layer)
    return groups


def _alike(
    sources: Sequence[Layer], targets: Sequence[Layer], likeness: Likeness
) -> Pairs:
    """Pairs single layers whose words prefer each other to all others."""
    pairs: Pairs = {}
    theirs = _by_form(sources)
    for key, ours in _by_form(targets).items():
        if len(theirs.get(key, ())) * len(ours) > MOST:
            continue  # of so many alike none is preferred
        if likeness.is_too_much(theirs.get(key, ()), ours):
            continue
        scores = likeness.compare(theirs.get(key, []), ours)
        scores[~_fits(theirs.get(key, []), ours)] = -1
        for row, column in choose_mutual(scores):
            target, source = ours[row], theirs[key][column]
            if _numbers_agree(source, target):
                pairs[target] = source
    return pairs


def _fits(sources: Sequence[Layer], targets: Sequence[Layer]) -> Mask:
    """Tells what fits what, a row for each target: once for all that look alike."""
    rows, ours = _kinds_of(targets)
    columns, theirs = _kinds_of(sources)
    fits = [[fit(source, target) is not None for source in theirs] for target in ours]
    table = np.array(fits, np.bool_).reshape(len(ours), len(theirs))
    return table[np.ix_(rows, columns)]


def _kinds_of(layers: Sequence[Layer]) -> tuple[list[int], list[Layer]]:
    """Gives of each layer the number of its look, and one layer of each look."""
    looks: dict[Hashable, int] = {}
    numbers = [looks.setdefault(_look(layer), len(looks)) for layer in layers]
    examples = dict(zip(numbers, layers, strict=True))
    return numbers, [examples[number] for number in range(len(looks))]


def _numbers_agree(source: Layer, target: Layer) -> bool:
    """Tells whether the numbers of two names are the same, as far as both have any."""
    pairs = zip(reversed(source.numbers), reversed(target.numbers), strict=False)
    return all(one == other for one, other in pairs)


def _settle_axes(pairs: Pairs) -> Proposal:
    """Decides about transposing; what shapes leave open, others of its kind say."""
    proposal = Proposal({}, {})
    seen: dict[Hashable, set[bool]] = defaultdict(set)
    undecided = []
    for target, source in pairs.items():
        for role, ways in (fit(source, target) or {}).items():
            theirs, ours = source.part(role), target.parts[role]
            key = (theirs.words.leaf, ours.words.leaf, len(ours.shape))
            if len(ways) == 1 or prod(ours.shape) == 1:
                proposal.pairs[ours.name] = _make_pair(theirs.name, ways[0])
                if ours.kind is None:
                    seen[key].add(ways[0].axes is None)
            else:
                undecided.append((theirs.name, ours.name, key, ways))
    for name, ours_name, key, ways in undecided:
        told = [way for way in ways if seen[key] == {way.axes is None}]
        if len(told) == 1:
            proposal.pairs[ours_name] = _make_pair(name, told[0])
        else:
            proposal.ambiguous[ours_name] = [name]
    return proposal


def _make_pair(source: str, move: Move) -> Pair:
    steps = [Step("squeeze")] if move.squeeze else []
    if move.axes is not None:
        is_matrix = len(move.axes) == 2
        steps.append(Step("transpose") if is_matrix else Step("permute", move.axes))
    return Pair(source, tuple(steps))
