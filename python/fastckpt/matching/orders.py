"""In which order two runs of layers are each other's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise, permutations
from math import factorial
from typing import NamedTuple

from fastckpt.matching.layers import Layer, fit, stands_alone
from fastckpt.matching.same_words import is_told_apart, shift_between
from fastckpt.matching.templates import Run, is_level, slot_words

__all__ = ["Reading", "count_comparisons", "read_in_order"]

Pairs = dict[Layer, Layer]


class Reading(NamedTuple):
    """How two runs go together.

    Attributes:
        is_fit: Whether they agree in some order, certain or not.
        pairs: The pairs under one order; None where it is not certain.
    """

    is_fit: bool
    pairs: Pairs | None


def read_in_order(sources: Run, targets: Run) -> Reading:
    """Compares two runs under every order of the numbers of one."""
    first, *others = permutations(range(len(targets.slots)))
    pairs = _in_order(sources, targets, first)
    if pairs is None:
        return Reading(any(_in_order(sources, targets, it) for it in others), None)
    if not _is_told(sources, targets):
        return Reading(True, None)
    for order in others:
        other = _in_order(sources, targets, order)
        if other is not None and other != pairs and not _say_same(sources, targets):
            return Reading(True, None)
    return Reading(True, pairs)


def count_comparisons(sources: Sequence[Run], targets: Sequence[Run]) -> int:
    """Tells how many layers are compared for the readings of runs of one length."""
    orders = max(factorial(len(it.slots)) for it in targets)
    return len(sources) * len(targets) * len(targets[0].members) * orders


def _is_told(sources: Run, targets: Run) -> bool:
    """Tells whether the numbers of two runs that fit are a matter of these alone."""
    # Which blocks a part of the checkpoint's is in is no matter of taste.
    is_placed = sources.place is not None and sources.place == targets.place
    if not (sources.is_whole or is_placed):
        return False
    if not (targets.is_whole or is_placed or is_level(sources, targets)):
        return False
    is_counted = any(it.is_counted for it in sources.members)
    if is_counted and not is_told_apart(sources.members):
        return False
    return _are_of_one_level(sources, targets) and not _has_gap(targets, sources)


def _are_of_one_level(sources: Run, targets: Run) -> bool:
    """Tells whether, of as many numbers, the same ones run on either side."""
    is_alike = len(sources.varying) == len(targets.varying)
    return not is_alike or sources.levels == targets.levels


def _has_gap(targets: Run, sources: Run) -> bool:
    """Tells whether numbers within words, bn1 and bn3, leave out what theirs do not.

    Last numbers that stand alone count other layers too: 0, 3, 6.
    """
    is_last = targets.slots[-1] == len(targets.members[0].numbers) - 1
    ours, theirs = (
        [sorted(set(column)) for column in zip(*run.values, strict=True)]
        for run in (targets, sources)
    )
    if is_last and stands_alone(targets.members[0]):
        last = ours.pop()
        left_out = set(range(last[0], last[-1])) - {*last}
        if left_out & targets.elsewhere and len(ours) < len(theirs):
            return _is_gapless(theirs[len(ours)])
    return any(
        not _is_gapless(column) and (at >= len(theirs) or _is_gapless(theirs[at]))
        for at, column in enumerate(ours)
    )


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
        return sources.forms > 1 and (len(ours[0]) == 1 or _is_unbroken(ours))
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
    return sources.forms > 1 and _is_gapless(ranks[0])


def _is_gapless(numbers: Sequence[int]) -> bool:
    return all(b - a == 1 for a, b in pairwise(numbers))


def _is_unbroken(values: list[tuple[int, ...]]) -> bool:
    """Tells whether the last numbers follow one another, from one beginning."""
    last: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for value in values:
        last[value[:-1]].append(value[-1])
    begins = {numbers[0] for numbers in last.values()}
    above = sorted({value[:-1] for value in values})
    is_even = len(begins) == 1 and all(map(_is_gapless, last.values()))
    return is_even and (len(above[0]) == 0 or _is_unbroken(above))
