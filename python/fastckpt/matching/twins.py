"""Sequences of layers that look like another one of which layers are missing.

Of two towers alike, where each side has lost a layer of another one, the whole one of
one side fits that of the other, and is it not: only words say which is which.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence

from fastckpt.matching.layers import Layer, Shape
from fastckpt.matching.templates import Run

__all__ = ["Twins"]

#: A sequence that lacks more than half of another is none of its kind.
_LEAST = 0.5
#: Of more sequences that share a form nobody knows which is which.
_MOST = 100


class Twins:
    """Finds on one side what may be a run of the other side, with layers missing."""

    def __init__(self, layers: Iterable[Layer]) -> None:
        groups: dict[Hashable, list[Layer]] = defaultdict(list)
        for layer in layers:
            groups[layer.template, layer.sort].append(layer)
        self._by_form: dict[Hashable, list[list[Layer]]] = defaultdict(list)
        for group in groups.values():
            group.sort(key=lambda it: it.numbers)
            for form in {it.form for it in group}:
                self._by_form[group[0].sort, form].append(group)

    def has_another(self, run: Run, own: Run, used: set[Layer]) -> bool:
        """Tells whether another sequence than a run's own may be that run."""
        sort = run.members[0].sort
        groups: dict[int, list[Layer]] = {}
        for form in {it.form for it in run.members}:
            groups.update((id(it), it) for it in self._by_form.get((sort, form), ()))
            if len(groups) > _MOST:
                return True
        forms = [it.form for it in run.members]
        return any(
            group[0].template != own.members[0].template
            and not used.issuperset(group)
            and _is_like(forms, [it.form for it in group])
            for group in groups.values()
        )


def _is_like(one: Sequence[Shape], other: Sequence[Shape]) -> bool:
    """Tells whether one is the other, of which layers may be missing."""
    short, long = sorted((one, other), key=len)
    if len(short) < _LEAST * len(long):
        return False
    rest = iter(long)
    return all(form in rest for form in short)
