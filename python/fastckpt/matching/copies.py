"""Whole models beside each other in a checkpoint: a teacher and its student."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import combinations

from fastckpt.matching.layers import Layer, is_in
from fastckpt.matching.words import Token

__all__ = ["drop_copies"]

Scope = tuple[Token, ...]
Content = dict[Scope, tuple[object, ...]]

#: Of the layers that a copy has at least, and that are alike in two.
_LEAST, _SHARE, _ALIKE = 4, 0.2, 0.5
_DEEPEST = 4


def drop_copies(sources: Sequence[Layer], targets: Sequence[Layer]) -> list[Layer]:
    """Leaves out the copies of which a model may be any, where it has none itself.

    A copy stays whose name the model has, and not that of the others.
    """
    if _find_copies(targets):
        return list(sources)
    known = {token for layer in targets for token in layer.tokens}
    barred: set[Scope] = set()
    for pair in _find_copies(sources):
        told = [scope for scope in pair if scope[-1] in known]
        barred.update(scope for scope in pair if [scope] != told)
    return [it for it in sources if not any(is_in(it, scope) for scope in barred)]


def _find_copies(layers: Sequence[Layer]) -> list[tuple[Scope, Scope]]:
    """Gives the scopes beside each other with mostly the same names and sizes."""
    least = max(_LEAST, _SHARE * len(layers))
    contents: dict[Scope, Content] = defaultdict(dict)
    for layer in layers:
        for depth in range(1, _DEEPEST + 1):
            scope, rest = layer.tokens[:depth], layer.tokens[depth:]
            contents[scope][rest] = (layer.sort, layer.form)
    large = [
        scope
        for scope, content in contents.items()
        if len(content) >= least and isinstance(scope[-1], str)
    ]
    return [
        (one, other)
        for one, other in combinations(large, 2)
        if one[:-1] == other[:-1] and _are_alike(contents[one], contents[other])
    ]


def _are_alike(one: Content, other: Content) -> bool:
    common = sum(other.get(rest) == form for rest, form in one.items())
    return common >= _ALIKE * max(len(one), len(other))
