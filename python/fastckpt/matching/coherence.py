"""Pairs that contradict others: by the blocks they are in, or by their order.

A layer that is missing on one side lets the next one take its place, where both have
one shape. What else is in its block then shows that it is another block.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from itertools import chain, pairwise

from fastckpt.matching.layers import Layer, stands_alone
from fastckpt.matching.words import Token

__all__ = ["find_contradictions"]

#: Of more numbers in a name than these the others are not looked at.
_DEEPEST = 6

Numbers = tuple[int, ...]
Template = tuple[str | None, ...]
#: Of two kinds of blocks: the pairs in them, by the numbers of both.
Cells = dict[tuple[Numbers, Numbers], list[Layer]]


def find_contradictions(
    targets: Iterable[Layer], pairs: Mapping[Layer, Layer]
) -> set[Layer]:
    """Gives the targets of pairs that do not go with the others."""
    blocks: dict[tuple[Template, Template], Cells] = defaultdict(
        lambda: defaultdict(list)
    )
    for target, source in pairs.items():
        for ours in _blocks_of(target):
            for theirs in _blocks_of(source):
                key = (ours[0], theirs[0])
                blocks[key][ours[1], theirs[1]].append(target)
    wrong: set[Layer] = set()
    for cells in blocks.values():
        wrong.update(_find_scattered(cells))
    return (
        wrong
        | _find_crossed(pairs)
        | _find_strayed(targets, pairs)
        | _find_mixed(pairs)
    )


def _blocks_of(layer: Layer) -> Iterable[tuple[Template, Numbers]]:
    """Gives the blocks that a layer is in: what its name begins with, to a number."""
    count = 0
    for at, token in enumerate(layer.tokens[:-1], 1):
        if isinstance(token, int):
            count += 1
            yield layer.template[:at], layer.numbers[:count]
            if count == _DEEPEST:
                return


def _find_scattered(cells: Cells) -> set[Layer]:
    """Gives what keeps the blocks of one side from lying within those of the other."""
    ways = [_find_odd(cells, side) for side in (0, 1)]
    return min(ways, key=len)


def _find_odd(cells: Cells, side: int) -> set[Layer]:
    """Gives what is not in that block of the other side in which most of a block is."""
    groups: dict[Numbers, list[list[Layer]]] = defaultdict(list)
    for key, layers in cells.items():
        groups[key[side]].append(layers)
    odd: set[Layer] = set()
    for parts in groups.values():
        most = max(map(len, parts))
        is_clear = sum(len(it) == most for it in parts) == 1
        odd.update(
            layer
            for part in parts
            if len(part) < most or not is_clear
            for layer in part
        )
    return odd


def _find_crossed(pairs: Mapping[Layer, Layer]) -> set[Layer]:
    """Gives layers of one kind of name whose last numbers run against each other.

    And those that are not as far from each other as most, as 2 and 2, 3 and 3.
    """
    groups: dict[object, list[tuple[int, int, Layer]]] = defaultdict(list)
    for target, source in pairs.items():
        if target.numbers and source.numbers:
            key = (_without_last(target), _without_last(source))
            groups[key].append((target.numbers[-1], source.numbers[-1], target))
    crossed: set[Layer] = set()
    for group in groups.values():
        group.sort(key=lambda it: it[:2])
        if any(one[1] >= other[1] for one, other in pairwise(group)):
            crossed.update(it[2] for it in group)
        shifts = Counter(one - other for one, other, _ in group)
        if max(shifts.values()) > 1 and not stands_alone(group[0][2]):
            crossed.update(it for one, other, it in group if shifts[one - other] == 1)
    return crossed


def _find_strayed(targets: Iterable[Layer], pairs: Mapping[Layer, Layer]) -> set[Layer]:
    """Gives layers of another name than what their number would be beside the others.

    Where 2 and 3 are conv2 and conv3, 1 is no shortcut, if there is a conv1 anywhere.
    """
    numbers: dict[Template, set[int]] = defaultdict(set)
    for it in targets:
        numbers[it.template].update(it.numbers[-1:])
    may_be = {template: _MayBe(it) for template, it in numbers.items()}
    groups: dict[object, list[tuple[Template, int, int, Layer]]] = defaultdict(list)
    for target, source in pairs.items():
        if source.numbers:
            last = target.numbers[-1] if target.numbers else 0
            found = (target.template, last - source.numbers[-1], source.numbers[-1])
            groups[_without_last(source)].append((*found, target))
    strayed: set[Layer] = set()
    for group in groups.values():
        counts = Counter(it[:2] for it in group)
        often: dict[Template, dict[int, int]] = defaultdict(dict)
        for (template, shift), count in counts.items():
            if count > 1:
                often[template][shift] = count
        for template, shift, number, target in group:
            least = counts[template, shift]
            if any(
                other != template and may_be[other].has_any(number, shifts, least)
                for other, shifts in often.items()
            ):
                strayed.add(target)
    return strayed


class _MayBe:
    """The numbers that layers of a name have, or may have had: those before the first.

    Of these and of the shifts the fewer are gone through: of a count through all blocks
    each block has another shift, and two numbers.
    """

    def __init__(self, numbers: set[int]) -> None:
        self._numbers = numbers
        self._first = min(numbers, default=0)
        self._count = len(numbers) + max(self._first, 1) - 1

    def has_any(self, number: int, shifts: Mapping[int, int], least: int) -> bool:
        """Tells whether a number becomes one of these by a shift that is so often."""
        if len(shifts) <= self._count:
            return any(
                many >= least and self._has(number + much)
                for much, many in shifts.items()
            )
        every = chain(self._numbers, range(1, self._first))
        return any(shifts.get(it - number, 0) >= least for it in every)

    def _has(self, number: int) -> bool:
        return number in self._numbers or 1 <= number < self._first


def _find_mixed(pairs: Mapping[Layer, Layer]) -> set[Layer]:
    """Gives layers counted in one scope whose sources have one name in several."""
    groups: dict[object, list[tuple[Token, Layer]]] = defaultdict(list)
    for target, source in pairs.items():
        if target.numbers and len(source.tokens) > 1:
            key = (_without_last(target), source.tokens[1:])
            groups[key].append((source.tokens[0], target))
    return {
        target
        for group in groups.values()
        if len({scope for scope, _ in group}) > 1
        for _, target in group
    }


def _without_last(layer: Layer) -> tuple[Token | None, ...]:
    at = len(layer.template) - 1 - layer.template[::-1].index(None)
    return (*layer.tokens[:at], None, *layer.tokens[at + 1 :])
