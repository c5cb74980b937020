"""Pairs the layers whose names are the same words, whatever the scope around them.

``bert/encoder/layer_{n}/output/dense`` is ``encoder.layer.{n}.output.dense``: the scope
``bert`` is what most names have to lose. The numbers agree, or begin with 1 on one side
and with 0 on the other.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from fastckpt.matching.layers import Layer, fit

__all__ = ["is_told_apart", "pair_same_words", "shift_between"]

Template = tuple[str | None, ...]
Key = tuple[str, Template]

#: The most tokens of a scope, and the share of the layers that it must have.
_DEEPEST, _SHARE = 5, 0.2
#: How much of what the best scope explains another explains that is as good.
_RIVALS = 0.75


def pair_same_words(
    sources: Sequence[Layer], targets: Sequence[Layer]
) -> dict[Layer, Layer]:
    """Gives for targets the sources whose names say the same."""
    theirs, ours = _by_template(sources), _by_template(targets)
    known = _numbers_after(sources), _numbers_after(targets)
    pairs: dict[Layer, Layer] = {}
    for target, (source, lost) in _same_templates(theirs, ours).items():
        shifts = _shifts(source[1], target[1], lost, known)
        if shifts is not None:
            pairs.update(_pair_shifted(theirs[source], ours[target], shifts))
    return pairs


def _by_template(layers: Sequence[Layer]) -> dict[Key, list[Layer]]:
    groups: dict[Key, list[Layer]] = defaultdict(list)
    for layer in layers:
        groups[layer.sort, layer.template].append(layer)
    return groups


def _scopes(layers: Sequence[Layer]) -> list[Template]:
    """Gives what many names begin with."""
    counts = Counter(
        layer.template[:depth] for layer in layers for depth in range(_DEEPEST + 1)
    )
    return [scope for scope, count in counts.items() if count >= _SHARE * len(layers)]


def _same_templates(
    theirs: dict[Key, list[Layer]], ours: dict[Key, list[Layer]]
) -> dict[Key, tuple[Key, tuple[int, int]]]:
    """Gives for templates of the targets those of the sources, without their scopes.

    Beside each is how many tokens the two scopes have. What two scopes that do about
    equally well see differently is left out.
    """
    readings = []
    all_theirs = [layer for layers in theirs.values() for layer in layers]
    all_ours = [layer for layers in ours.values() for layer in layers]
    for lost in _scopes(all_theirs):
        for dropped in _scopes(all_ours):
            reading = {
                (sort, template): ((sort, lost + rest), (len(lost), len(dropped)))
                for sort, template in ours
                for rest in [template[len(dropped) :]]
                if template[: len(dropped)] == dropped
                if _is_whole(rest, lost + dropped)
                if (sort, lost + rest) in theirs
            }
            readings.append((sum(len(ours[key]) for key in reading), reading))
    count, best = max(readings, key=lambda it: it[0], default=(0, {}))
    rivals = [reading for others, reading in readings if others >= _RIVALS * count]
    return {
        key: value
        for key, value in best.items()
        if all(rival.get(key, value)[0] == value[0] for rival in rivals)
    }


def _is_whole(rest: Template, scopes: Template) -> bool:
    """Tells whether a scope takes no word from a number that follows it."""
    return bool(rest) and (rest[0] is not None or not scopes)


def _numbers_after(layers: Iterable[Layer]) -> dict[Template, set[int]]:
    """Gives the numbers that stand anywhere after the same words."""
    numbers: dict[Template, set[int]] = defaultdict(set)
    for layer in layers:
        template = layer.template
        for at, token in enumerate(layer.tokens):
            if isinstance(token, int):
                numbers[template[:at]].add(token)
    return numbers


def _shifts(
    source: Template,
    target: Template,
    lost: tuple[int, int],
    known: tuple[dict[Template, set[int]], dict[Template, set[int]]],
) -> list[int] | None:
    """Gives what each number of a target is less than that of its source.

    None where that is not certain.
    """
    shifts: list[int] = []
    for at in range(len(target) - lost[1]):
        if target[lost[1] + at] is None:
            theirs = known[0][source[: lost[0] + at]]
            ours = known[1][target[: lost[1] + at]]
            shift = shift_between(theirs, ours)
            if shift is None:
                return None
            shifts.append(shift)
    return shifts


def shift_between(theirs: Iterable[int], ours: Iterable[int]) -> int | None:
    """Tells how much higher the first numbers count; None where nobody can say."""
    theirs, ours = sorted(set(theirs)), sorted(set(ours))
    shift = theirs[0] - ours[0]
    if shift == 0:
        # A few that happen to begin alike tell nothing.
        is_most = set(theirs) <= set(ours) and 2 * len(theirs) >= len(ours)
        return 0 if is_most or set(ours) <= set(theirs) else None
    is_whole = theirs[-1] - theirs[0] + 1 == len(theirs) == len(ours)
    is_shifted = [number + shift for number in ours] == theirs
    bases = {theirs[0], ours[0]}
    return shift if is_whole and is_shifted and bases == {0, 1} else None


def _pair_shifted(
    theirs: list[Layer], ours: list[Layer], shifts: list[int]
) -> dict[Layer, Layer]:
    """Gives the pairs of two templates; none where any does not fit."""
    count = len(shifts)
    scopes = {layer.numbers[: len(layer.numbers) - count] for layer in theirs}
    by_numbers = {
        layer.numbers[len(layer.numbers) - count :]: layer for layer in theirs
    }
    if len(scopes) > 1 or len(by_numbers) < len(theirs):
        return {}
    pairs = {}
    for target in ours:
        numbers = target.numbers[len(target.numbers) - count :]
        shifted = tuple(map(sum, zip(numbers, shifts, strict=True)))
        if source := by_numbers.get(shifted):
            pairs[target] = source
    is_twice = len(set(pairs.values())) < len(pairs)
    if is_twice or not all(fit(source, target) for target, source in pairs.items()):
        return {}
    return pairs if _is_ordered(theirs) or is_told_apart(theirs) else {}


def _is_ordered(layers: Iterable[Layer]) -> bool:
    return not any(layer.is_counted for layer in layers)


def is_told_apart(layers: Iterable[Layer]) -> bool:
    """Tells whether no two layers have one form."""
    layers = list(layers)
    return len({layer.form for layer in layers}) == len(layers)
