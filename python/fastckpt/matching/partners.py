"""Pairs normalizations that stand beside a filter of their own."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from fastckpt.matching import words
from fastckpt.matching.layers import BATCH_NORM, MATRIX, Layer, common_scope, fit
from fastckpt.matching.likeness import KIND_WORDS

__all__ = ["find_estranged", "is_widowed", "pair_numbered", "pair_partners"]

Scope = tuple[words.Token, ...]
Scopes = dict[Scope, list[Layer]]

#: What comes first in an inverted residual, and in a separable convolution.
_ORDER = {"expand": 0, "depthwise": 1, "project": 2, "pointwise": 2}


def pair_partners(
    sources: Iterable[Layer], targets: Iterable[Layer], pairs: Mapping[Layer, Layer]
) -> dict[Layer, Layer]:
    """Gives for the targets beside paired filters the sources beside those."""
    targets = list(targets)
    theirs, ours = _partners(sources), _partners(targets, is_numbered=True)
    ours = _drop_those_before(ours, targets)
    found = {}
    for target, source in pairs.items():
        norm, its = ours.get(target), theirs.get(source)
        if norm is not None and its is not None and fit(its, norm):
            found[norm] = its
    return found


def _drop_those_before(
    partners: dict[Layer, Layer], targets: Iterable[Layer]
) -> dict[Layer, Layer]:
    """Leaves out what is named as normalizations elsewhere that have another size.

    A norm1 that is as large as what goes into conv1 stands before it.
    """
    before = {
        (kernel.template, norm.template)
        for norm, kernel in _mates(targets).items()
        if norm.form[0] != _kernel_of(kernel)[0]
        if not (kernel.parts[words.KERNEL].kind or "").startswith("conv_transpose")
    }
    return {
        kernel: norm
        for kernel, norm in partners.items()
        if (kernel.template, norm.template) not in before
    }


def find_estranged(
    sources: Iterable[Layer], targets: Iterable[Layer], pairs: Mapping[Layer, Layer]
) -> set[Layer]:
    """Gives the targets beside a filter whose sources are beside another one."""
    theirs, ours = (
        {norm: it for it, norm in partners.items()}
        for partners in (_partners(sources), _partners(targets, is_numbered=True))
    )
    mates, paired = (_mates(sources), _mates(targets)), set(pairs.values())
    estranged = set()
    for target, source in pairs.items():
        if source in theirs and target in ours:
            is_odd = pairs.get(ours[target]) is not theirs[source]
        else:
            one, other = mates[0].get(source), mates[1].get(target)
            is_open = one not in paired and other not in pairs
            is_odd = one is not None and other is not None and is_open
        if is_odd:
            estranged.add(target)
    return estranged


def _mates(layers: Iterable[Layer]) -> dict[Layer, Layer]:
    """Gives for normalizations the filter that is named as they are: bn1 and conv1."""
    groups: dict[Scope, list[Layer]] = defaultdict(list)
    for it in layers:
        if it.sort in (MATRIX, BATCH_NORM):
            key = tuple(token for token in it.tokens if token not in KIND_WORDS)
            groups[key].append(it)
    mates = {}
    for group in groups.values():
        if len(group) == 2 and {it.sort for it in group} == {MATRIX, BATCH_NORM}:
            kernel, norm = sorted(group, key=lambda it: it.sort == BATCH_NORM)
            mates[norm] = kernel
    return mates


def is_widowed(layers: Iterable[Layer]) -> bool:
    """Tells whether a normalization lacks the filter that others of its name have."""
    layers = list(layers)
    paired = set(_partners(layers).values())
    known = Counter(it.template for it in paired)
    return any(
        it.sort == BATCH_NORM and known[it.template] > 1 and it not in paired
        for it in layers
    )


def pair_numbered(
    sources: Iterable[Layer], targets: Iterable[Layer], pairs: Mapping[Layer, Layer]
) -> dict[Layer, Layer]:
    """Pairs bn1, bn2 ... of a block with those of its filters in the order these have.

    Only where the filters' names say that order, as expand, depthwise and project do.
    """
    scopes = _by_scope(sources)
    theirs = _partners(scopes[()])
    blocks: dict[str, list[Layer]] = defaultdict(list)
    for layer in targets:
        blocks[_block_of(layer)].append(layer)
    found: dict[Layer, Layer] = {}
    for block in blocks.values():
        norms = [it for it in block if it.sort == BATCH_NORM]
        filters = [pairs.get(it) for it in block if it.sort == MATRIX]
        found_filters = [it for it in filters if it is not None]
        theirs.update(_find_last_one(scopes, found_filters, theirs))
        normed = [it for it in found_filters if it in theirs]
        ordered = _in_known_order(normed)
        if None in filters or not len(norms) == len(ordered) > 1:
            continue
        norms.sort(key=lambda it: it.numbers)
        both = list(zip(norms, (theirs[it] for it in ordered), strict=True))
        if _are_counted(norms) and all(fit(source, target) for target, source in both):
            found.update(both)
    return found


def _find_last_one(
    scopes: Scopes, filters: list[Layer], known: Mapping[Layer, Layer]
) -> dict[Layer, Layer]:
    """Pairs the one filter of a block and the one normalization that name no other.

    Only where there are as many of both, filters with biases aside, and where its
    size is another than what comes into the block: that may have one of its own.
    """
    alone = [it for it in filters if it not in known]
    ordered = _in_known_order(filters)
    if len(alone) != 1 or len(ordered) < 2:
        return {}
    scope = common_scope(filters)
    inside = scopes[scope]
    norms = [it for it in inside if it.sort == BATCH_NORM]
    bare = {it for it in inside if it.sort == MATRIX and words.BIAS not in it.parts}
    taken = {known[it] for it in filters if it in known}
    left = [it for it in norms if it not in taken]
    if len(norms) != len(bare) or bare != set(filters) or len(left) != 1:
        return {}
    first, kernel = _kernel_of(ordered[0]), _kernel_of(alone[0])
    if left[0].tokens != (*scope, "norm") or min(len(first), len(kernel)) < 2:
        return {}
    size = kernel[-2] if kernel[-1] == 1 else kernel[-1]
    is_sure = left[0].form == (size,) and first[-2] != size
    return {alone[0]: left[0]} if is_sure else {}


def _kernel_of(layer: Layer) -> tuple[int, ...]:
    return layer.part(words.KERNEL).shape


def _block_of(layer: Layer) -> str:
    name = next(iter(layer.parts.values())).name
    return "/".join(re.split(r"[/.]", name)[:-2])


def _in_known_order(filters: list[Layer]) -> list[Layer]:
    """Sorts filters by what their names say; none where two say the same."""
    ranks = {
        it: {_ORDER[word] for word in it.tokens if word in _ORDER} for it in filters
    }
    told = {max(rank) for rank in ranks.values() if len(rank) == 1}
    if len(told) < len(filters):
        return []
    return sorted(filters, key=lambda it: max(ranks[it]))


def _are_counted(norms: list[Layer]) -> bool:
    """Tells whether names differ in their last number alone, 1, 2, 3 ... or 0, 1, 2."""
    if len({it.template for it in norms}) > 1 or norms[0].template[-1] is not None:
        return False
    if len({it.numbers[:-1] for it in norms}) > 1:
        return False
    last = sorted(it.numbers[-1] for it in norms)
    return last[0] in (0, 1) and last == list(range(last[0], last[0] + len(last)))


def _by_scope(layers: Iterable[Layer]) -> Scopes:
    """Gives the filters and normalizations in each scope; () has all."""
    scopes: Scopes = defaultdict(list)
    for layer in layers:
        if layer.sort in (MATRIX, BATCH_NORM):
            for depth in range(len(layer.tokens) + 1):
                scopes[layer.tokens[:depth]].append(layer)
    return scopes


def _partners(layers: Iterable[Layer], is_numbered: bool = False) -> dict[Layer, Layer]:
    """Gives for filters the one normalization in the innermost scope of both.

    In a model that is whole numbers may tell them apart: 0.weight and 1.weight.
    """
    scopes = _by_scope(layers)
    partners = {}
    for norm in scopes[()]:
        if norm.sort == BATCH_NORM:
            kernel = _kernel_beside(norm, scopes, is_numbered)
            if kernel is not None:
                partners[kernel] = norm
    return partners


def _kernel_beside(norm: Layer, scopes: Scopes, is_numbered: bool) -> Layer | None:
    for depth in range(len(norm.tokens), 0, -1):
        scope = scopes[norm.tokens[:depth]]
        if len(scope) > 2:  # before anything looks at each of them
            return None
        kernels = [layer for layer in scope if layer.sort == MATRIX]
        if kernels:
            is_cell = len(kernels) == 1 and len(scope) == 2
            is_sure = is_cell and _say_no_more(scope, depth, is_numbered)
            return kernels[0] if is_sure else None
    return None


def _say_no_more(cell: list[Layer], depth: int, is_numbered: bool) -> bool:
    """Tells whether names say of the parts of a cell which kind they are, no more.

    Numbers are the same of both, as of conv1 and bn1, or all that is said: 0 and 1.
    """
    known = {*KIND_WORDS, *cell[0].tokens[:depth]}
    rests = [layer.tokens[depth:] for layer in cell]
    words_of = [[it for it in rest if not isinstance(it, int)] for rest in rests]
    numbers = [[it for it in rest if isinstance(it, int)] for rest in rests]
    if any(it not in known for each in words_of for it in each):
        return False
    if numbers == [[], []]:
        return True
    if not is_numbered:
        return False
    one, other = numbers
    is_next = len(one) == len(other) == 1 and abs(one[0] - other[0]) == 1
    return one == other or not (one and other) or (is_next and words_of == [[], []])
