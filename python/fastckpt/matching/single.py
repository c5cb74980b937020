"""Pairs kernels of a form that is there once on either side.

Where something is missing it may be another one of that form, so that this is done
only where nothing seems to be.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence

from fastckpt.matching import words
from fastckpt.matching.blocks import Levels
from fastckpt.matching.layers import BATCH_NORM, MATRIX, Layer, find_uneven, fit
from fastckpt.matching.likeness import Likeness
from fastckpt.matching.partners import is_widowed

__all__ = ["differ_in_words", "find_broken_counts", "pair_single"]

#: Where less of all is paired, what is paired by its form is so by chance.
_KNOWN = 0.2


def pair_single(
    sources: Sequence[Layer],
    targets: Sequence[Layer],
    known: Mapping[Layer, Layer],
    likeness: Likeness,
    levels: Levels,
) -> dict[Layer, Layer]:
    """Gives for targets the sources; what is known stays out."""
    theirs, ours = (
        [it for it in side if it.sort == MATRIX] for side in (sources, targets)
    )
    is_short = any(sort == BATCH_NORM for sort, _ in find_uneven(sources, targets))
    is_short = is_short or any(map(is_widowed, (sources, targets)))
    if is_short or not _is_whole(theirs, ours):
        return {}
    singles = [_singles(side) for side in (theirs, ours)]
    # What differs in numbers alone has sources of one kind of name.
    kin: dict[Hashable, set[Hashable]] = defaultdict(set)
    for target, source in known.items():
        kin[target.template].add(source.template)
    used, broken = set(known.values()), find_broken_counts(sources)
    pairs = {}
    for form in singles[0].keys() & singles[1].keys():
        source, target = singles[0][form], singles[1][form]
        kinds = kin[target.template] or {source.template}
        is_new = source not in used and target not in known
        is_told = not source.is_counted or source.tokens[:-1] not in broken
        is_beside = levels.are_one(source, target) and source.template in kinds
        is_said = not likeness.contradict(source, target)
        is_sure = is_new and is_told and is_beside and is_said
        if is_sure and _is_sure_by_form(source, target):
            pairs[target] = source
    count = sum(it.sort == MATRIX for it in (*known, *pairs))
    return pairs if count >= _KNOWN * len(ours) else {}


def _singles(layers: Iterable[Layer]) -> dict[tuple[int, ...], Layer]:
    groups: dict[tuple[int, ...], list[Layer]] = defaultdict(list)
    for layer in layers:
        groups[layer.form].append(layer)
    return {form: group[0] for form, group in groups.items() if len(group) == 1}


def _is_whole(sources: Sequence[Layer], targets: Sequence[Layer]) -> bool:
    """Tells whether no side has more filters of a shape, or of matrices on both.

    A head is a matrix: another, or none, is no sign of anything missing.
    """
    filters = [
        Counter(it.form for it in side if _rank(it) > 2) for side in (sources, targets)
    ]
    return filters[0] == filters[1] and not find_uneven(sources, targets)


def _rank(layer: Layer) -> int:
    return max(len(part.shape) for part in layer.parts.values())


def find_broken_counts(sources: Iterable[Layer]) -> set[tuple[words.Token, ...]]:
    """Gives what stands before numbers that do not count from 0 on, one by one."""
    numbers: dict[tuple[words.Token, ...], set[int]] = defaultdict(set)
    for layer in sources:
        if layer.template[-1:] == (None,):
            numbers[layer.tokens[:-1]].add(layer.numbers[-1])
    return {scope for scope, them in numbers.items() if max(them) >= len(them)}


def _is_sure_by_form(source: Layer, target: Layer) -> bool:
    """Tells whether a form that is there once says enough.

    That of a filter does, of a matrix with its bias that is not square, of a table of
    embeddings. A matrix alone may be another one, where its own is missing.
    """
    ways = fit(source, target) or {}
    role = next((it for it in ways if it != words.BIAS), None)
    if role is None:
        return False
    ours, theirs = target.parts[role], source.part(role)
    if len(ours.shape) > 2:
        return True
    if len(ways) > 1 and len(set(source.form)) > 1:
        return True
    is_table = ours.kind == "embedding" or "embedding" in target.tokens
    is_told = theirs.words.role == words.EMBEDDING
    return is_table and is_told and not differ_in_words(source, target)


def differ_in_words(one: Layer, other: Layer) -> bool:
    """Tells whether each name has a word that the other lacks."""
    ours, theirs = (
        {word for word in it.template if word is not None} for it in (one, other)
    )
    return bool(ours - theirs and theirs - ours)
