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

#: By the targets' templates, the sources', and how long the two scopes are.
_Reading = dict[Key, tuple[Key, tuple[int, int]]]

#: The most tokens of a scope, and the share of the layers that it must have.
_DEEPEST, _SHARE = 5, 0.2
#: How much of what the best scope explains another explains that is as good.
_RIVALS = 0.25
#: How much of what is in a scope another must have to be it, by another name.
_KNOWN = 0.5


def pair_same_words(
    sources: Sequence[Layer], targets: Sequence[Layer]
) -> dict[Layer, Layer]:
    """Gives for targets the sources whose names say the same."""
    theirs, ours = _by_template(sources), _by_template(targets)
    known = _Numbers(sources), _Numbers(targets)
    pairs: dict[Layer, Layer] = {}
    for target, (source, lost) in _same_templates(theirs, ours).items():
        shifts = _shifts(source[1], target[1], lost, known)
        if shifts is not None:
            is_only = all(
                numbers.are_only(template[:count])
                for numbers, (_, template), count in zip(
                    known, (source, target), lost, strict=True
                )
            )
            found = _pair_shifted(theirs[source], ours[target], shifts, is_only)
            pairs.update(found)
    return pairs


def _by_template(layers: Sequence[Layer]) -> dict[Key, list[Layer]]:
    groups: dict[Key, list[Layer]] = defaultdict(list)
    for layer in layers:
        groups[layer.sort, layer.template].append(layer)
    return groups


def _scopes(layers: Sequence[Layer]) -> dict[Template, int]:
    """Gives what many names begin with, and how many do."""
    counts = Counter(
        layer.template[:depth] for layer in layers for depth in range(_DEEPEST + 1)
    )
    least = _SHARE * len(layers)
    return {scope: count for scope, count in counts.items() if count >= least}


def _same_templates(
    theirs: dict[Key, list[Layer]], ours: dict[Key, list[Layer]]
) -> _Reading:
    """Gives for templates of the targets those of the sources, without their scopes.

    Beside each is how many tokens the two scopes have. What two scopes that do about
    equally well see differently is left out.
    """
    readings = []
    all_theirs = [layer for layers in theirs.values() for layer in layers]
    all_ours = [layer for layers in ours.values() for layer in layers]
    scopes = _scopes(all_ours)
    for lost, many in _scopes(all_theirs).items():
        for dropped, count in scopes.items():
            reading = {
                (sort, template): ((sort, lost + rest), (len(lost), len(dropped)))
                for sort, template in ours
                for rest in [template[len(dropped) :]]
                if template[: len(dropped)] == dropped
                if _is_whole(rest, lost + dropped)
                if (sort, lost + rest) in theirs
            }
            explained = sum(len(ours[key]) for key in reading)
            least = max(_KNOWN * min(many, count), _SHARE * len(all_ours))
            if not (lost or dropped) or explained >= least:
                readings.append((explained, reading))
    count, best = max(readings, key=lambda it: it[0], default=(0, {}))
    rivals = [reading for others, reading in readings if others >= _RIVALS * count]
    if any(_is_beside(best, rival) for rival in rivals):
        return {}
    return {
        key: value
        for key, value in best.items()
        if all(rival.get(key, value)[0] == value[0] for rival in rivals)
    }


def _is_beside(one: _Reading, other: _Reading) -> bool:
    """Tells whether two readings find the same names in scopes beside each other."""
    return any(
        key in other and other[key][1] == value[1] and other[key][0] != value[0]
        for key, value in one.items()
    )


def _is_whole(rest: Template, scopes: Template) -> bool:
    """Tells whether a scope takes no word from a number that follows it."""
    return bool(rest) and (rest[0] is not None or not scopes)


class _Numbers:
    """The numbers that stand anywhere after the same words."""

    def __init__(self, layers: Iterable[Layer]) -> None:
        self._after: dict[Template, set[int]] = defaultdict(set)
        self._beside: dict[Template, set[int]] = defaultdict(set)
        for layer in layers:
            template = layer.template
            for at, token in enumerate(layer.tokens):
                if isinstance(token, int):
                    self._after[template[:at]].add(token)
                    if at and template[at - 1] is not None:
                        self._beside[template[: at - 1]].add(token)

    def after(self, scope: Template) -> set[int]:
        return self._after[scope]

    def are_only(self, scope: Template) -> bool:
        """Tells whether no number in a scope has any other in its place."""
        return all(
            len(self._after[scope[:at]]) == 1
            for at, token in enumerate(scope)
            if token is None
        )

    def beside(self, scope: Template) -> set[int]:
        """Gives those after any word that stands where the last of a scope does."""
        is_word = bool(scope) and scope[-1] is not None
        return self._beside[scope[:-1]] if is_word else self._after[scope]


def _shifts(
    source: Template,
    target: Template,
    lost: tuple[int, int],
    known: tuple[_Numbers, _Numbers],
) -> list[int] | None:
    """Gives what each number of a target is less than that of its source.

    None where that is not certain.
    """
    shifts: list[int] = []
    for at in range(len(target) - lost[1]):
        if target[lost[1] + at] is None:
            theirs = known[0].after(source[: lost[0] + at])
            ours = known[1].after(target[: lost[1] + at])
            shift = shift_between(theirs, ours)
            if shift is None:
                return None
            scopes = source[: lost[0] + at], target[: lost[1] + at]
            if shift and not _are_whole(scopes, known, shift):
                return None
            shifts.append(shift)
    return shifts


def _are_whole(
    scopes: tuple[Template, Template], known: tuple[_Numbers, _Numbers], shift: int
) -> bool:
    """Tells whether what is beside has the same numbers: as many of each kind."""
    theirs, ours = (
        numbers.beside(scope) for scope, numbers in zip(scopes, known, strict=True)
    )
    return {number + shift for number in ours} == theirs


def shift_between(theirs: Iterable[int], ours: Iterable[int]) -> int | None:
    """Tells how much higher the first numbers count; None where nobody can say."""
    theirs, ours = sorted(set(theirs)), sorted(set(ours))
    shift = theirs[0] - ours[0]
    if shift == 0:
        if theirs[0] == 1 and theirs != ours:
            # Of 1, 2 and 1, 2, 3 the former may have lost number 0.
            return None
        # A few that happen to begin alike tell nothing.
        is_most = set(theirs) <= set(ours) and 2 * len(theirs) >= len(ours)
        return 0 if is_most or set(ours) <= set(theirs) else None
    is_whole = theirs[-1] - theirs[0] + 1 == len(theirs) == len(ours) > 1
    is_shifted = [number + shift for number in ours] == theirs
    bases = {theirs[0], ours[0]}
    return shift if is_whole and is_shifted and bases == {0, 1} else None


def _pair_shifted(
    theirs: list[Layer], ours: list[Layer], shifts: list[int], is_only: bool
) -> dict[Layer, Layer]:
    """Gives the pairs of two templates; none where any does not fit.

    Args:
        theirs, ours: The layers of both.
        shifts: What each number is less; before them are those of the scopes.
        is_only: Whether there is no other scope that differs in its numbers.
    """
    count = len(shifts)
    scopes = {layer.numbers[: len(layer.numbers) - count] for layer in theirs}
    dropped = {layer.numbers[: len(layer.numbers) - count] for layer in ours}
    if scopes != dropped and not is_only:
        return {}  # of one block, and of another
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
    if _is_ordered(theirs):
        return pairs
    # A count that does not begin with 0 may have lost its first.
    is_begun = all(0 in numbers[-1:] or not numbers for numbers in [min(by_numbers)])
    return pairs if is_begun and is_told_apart(theirs) else {}


def _is_ordered(layers: Iterable[Layer]) -> bool:
    return not any(layer.is_counted for layer in layers)


def is_told_apart(layers: Iterable[Layer]) -> bool:
    """Tells whether no two layers have one form."""
    layers = list(layers)
    return len({layer.form for layer in layers}) == len(layers)
