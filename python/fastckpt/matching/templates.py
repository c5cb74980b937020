"""Layers whose names differ in numbers alone, and the ways to cut them into sequences.

Which numbers of ``layer{a}.{b}.conv{c}`` run along a checkpoint's nobody knows before.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from itertools import combinations
from typing import NamedTuple

from fastckpt.matching.layers import Layer, Shape
from fastckpt.matching.words import Letter

__all__ = ["Run", "Signature", "is_level", "make_runs", "slot_words"]

#: The class of layers, and the forms of each.
Signature = tuple[str, tuple[Shape, ...]]
#: More numbers than these in one name that differ are not taken apart.
_MOST_SLOTS = 4


class Run(NamedTuple):
    """Layers in the order of their numbers.

    Attributes:
        slots: Which of the names' numbers run.
        members: The layers.
        is_natural: Whether it may be paired: others only make readings doubtful.
        place: Of each number but the last that differs within the template, which of
            its values these have, from the first on. None where nobody knows that one.
        is_whole: Whether no block that has such layers is left out.
        varying: Which numbers differ within the template.
        elsewhere: Last numbers that other blocks have, and these have not.
    """

    slots: tuple[int, ...]
    members: tuple[Layer, ...]
    is_natural: bool = True
    place: tuple[frozenset[int], ...] | None = ()
    is_whole: bool = True
    varying: tuple[int, ...] = ()
    elsewhere: frozenset[int] = frozenset()

    @property
    def levels(self) -> tuple[int, ...]:
        """Which of the numbers that differ within the template run."""
        return tuple(self.varying.index(slot) for slot in self.slots)

    @property
    def values(self) -> list[tuple[int, ...]]:
        return [_pick(member, self.slots) for member in self.members]

    @property
    def signature(self) -> Signature:
        """What is equal of runs that fit."""
        return self.members[0].sort, tuple(member.form for member in self.members)

    @property
    def forms(self) -> int:
        """How many forms its members have."""
        return len({member.form for member in self.members})


def slot_words(run: Run) -> list[str | None]:
    """Gives of each slot the word before it."""
    tokens = run.members[0].tokens
    before = [
        str(tokens[at - 1]) if at and isinstance(tokens[at - 1], str) else None
        for at, token in enumerate(tokens)
        if isinstance(token, int)
    ]
    return [before[slot] for slot in run.slots]


def is_level(sources: Run, targets: Run) -> bool:
    """Tells whether each number is as much more than the other side's for all."""
    columns = [
        [sorted(set(column)) for column in zip(*run.values, strict=True)]
        for run in (sources, targets)
    ]
    # A flat count along a nested one has other rules; see _agree.
    return len(columns[0]) != len(columns[1]) or all(
        len({a - b for a, b in zip(*ranks, strict=False)}) == 1
        for ranks in zip(*columns, strict=True)
    )


def make_runs(layers: Sequence[Layer], is_counted: bool = False) -> list[Run]:
    """Gives the runs of two and more layers that can be cut out of these.

    Args:
        layers: The layers.
        is_counted: Whether numbers that begin anew in each block may be no more than a
            count of what is there, so that in blocks of other sizes they say nothing.
    """
    families = _families(layers)
    groups: dict[Hashable, list[Layer]] = defaultdict(list)
    for layer in layers:
        groups[layer.template, layer.sort].append(layer)
    runs: dict[frozenset[Layer], Run] = {}
    for group in groups.values():
        slots = _varying(group)
        if not 0 < len(slots) <= _MOST_SLOTS:
            continue
        places = _Places(group, slots)
        counts = _Counts(group, slots) if is_counted else None
        for cut in _cuts(group, slots, families):
            for run in _fix(cut, _varying(cut)):
                if counts is not None and not counts.are_told(run):
                    run = run._replace(is_natural=False)
                key = frozenset(run.members)
                if key not in runs or run.is_natural > runs[key].is_natural:
                    runs[key] = places.place(run)
        for members in _cut_by_forms(group, slots):
            runs[frozenset(members)] = places.place(Run(slots, members))
    return list(runs.values())


class _Counts:
    """Tells whether last numbers are the same layer in each block.

    Of blocks that count theirs, 0, 1 and 0, 1, 2, number 1 may be the second filter of
    one and the first of another, whose shortcut comes first; of 1, 3 and 1, 2, 3 nobody
    knows what is missing. Number 0 alone may be there or not: a shortcut's.
    """

    def __init__(self, group: Sequence[Layer], slots: tuple[int, ...]) -> None:
        *self._outer, last = slots
        self._sizes = Counter(_pick(layer, self._outer) for layer in group)
        numbers: dict[tuple[int, ...], set[int]] = defaultdict(set)
        for layer in group:
            numbers[_pick(layer, self._outer)].add(layer.numbers[last])
        self._numbers = {block: frozenset(it - {0}) for block, it in numbers.items()}

    def are_told(self, run: Run) -> bool:
        """Tells whether a run takes from blocks of one kind, or the whole of each."""
        taken = Counter(_pick(it, self._outer) for it in run.members)
        is_alike = len({self._numbers[block] for block in taken}) == 1
        return is_alike or all(self._sizes[it] == taken[it] for it in taken)


class _Places:
    """Tells which of a template's layers a run has."""

    def __init__(self, group: Sequence[Layer], slots: tuple[int, ...]) -> None:
        *self._outer, self._last = self._slots = slots
        columns = zip(*(layer.numbers for layer in group), strict=True)
        self._firsts = [min(column) for column in columns]
        self._counts = Counter(layer.numbers[self._last] for layer in group)
        self._numbers: dict[tuple[int, ...], set[int]] = defaultdict(set)
        for it in group:
            self._numbers[_pick(it, self._outer)].add(it.numbers[self._last])

    def place(self, run: Run) -> Run:
        columns = list(zip(*(it.numbers for it in run.members), strict=True))
        place = tuple(
            frozenset(number - self._firsts[slot] for number in columns[slot])
            for slot in self._outer
        )
        count = sum(self._counts[number] for number in set(columns[self._last]))
        is_known = all(self._firsts[slot] in (0, 1) for slot in self._outer)
        is_whole = count == len(run.members)
        blocks = {_pick(it, self._outer) for it in run.members}
        own = set().union(*(self._numbers[it] for it in blocks))
        return run._replace(
            place=place if is_known else None,
            is_whole=is_whole,
            varying=self._slots,
            elsewhere=frozenset(self._counts.keys() - own),
        )


def _varying(group: Sequence[Layer]) -> tuple[int, ...]:
    columns = zip(*(layer.numbers for layer in group), strict=True)
    return tuple(at for at, column in enumerate(columns) if len(set(column)) > 1)


def _fix(group: Sequence[Layer], slots: tuple[int, ...]) -> Iterable[Run]:
    """Gives the runs with some of the slots fixed to each of their values.

    The first numbers count blocks, the last may say which layer of a block it is. More
    than one says so only where every block has the same of them. All others are there
    to be compared.
    """
    letters = {
        at for at, number in enumerate(group[0].numbers) if isinstance(number, Letter)
    }
    for count in range(len(slots)):
        for fixed in combinations(slots, count):
            running = tuple(slot for slot in slots if slot not in fixed)
            split = [
                sorted(members, key=lambda it: _pick(it, running))
                for members in _split(group, fixed).values()
            ]
            blocks = {tuple(_pick(it, running) for it in part) for part in split}
            is_last = fixed == slots[len(running) :]
            is_natural = is_last and (count < 2 or len(blocks) == 1)
            # Of a stage the blocks a alone, or b alone, are none: the next begins anew.
            is_natural = is_natural and letters <= {*running}
            for members in split:
                # Conv1 and Conv_1 have the same words and numbers, and no order.
                values = {_pick(member, running) for member in members}
                if len(members) == len(values) > 1:
                    # One that is the same in all of them runs no more.
                    yield Run(_varying(members), tuple(members), is_natural)


def _pick(layer: Layer, slots: Iterable[int]) -> tuple[int, ...]:
    numbers = layer.numbers
    return tuple(numbers[slot] for slot in slots)


def _split(
    group: Sequence[Layer], slots: Iterable[int]
) -> dict[tuple[int, ...], list[Layer]]:
    slots = tuple(slots)
    split: dict[tuple[int, ...], list[Layer]] = defaultdict(list)
    for layer in group:
        split[_pick(layer, slots)].append(layer)
    return split


def _cuts(
    group: Sequence[Layer],
    slots: tuple[int, ...],
    families: dict[tuple[Layer, int], Hashable],
) -> Iterable[Sequence[Layer]]:
    """Gives the whole, and of it what is in blocks that are alike."""
    yield group
    for slot in slots:
        yield from _alike(group, {it: families[it, slot] for it in group})
    if len(slots) > 1:
        blocks: dict[int, set[tuple[int, ...]]] = defaultdict(set)
        for layer in group:
            blocks[layer.numbers[slots[-1]]].add(_pick(layer, slots[:-1]))
        frozen = {number: frozenset(block) for number, block in blocks.items()}
        yield from _alike(group, {it: frozen[it.numbers[slots[-1]]] for it in group})


def _cut_by_forms(
    group: Sequence[Layer], slots: tuple[int, ...]
) -> Iterable[tuple[Layer, ...]]:
    """Gives the layers whose last numbers have the same forms in every block.

    norm2 and norm3 of blocks whose norm1 is of other sizes; where a block lacks one of
    them nothing is certain.
    """
    columns: dict[int, list[Layer]] = defaultdict(list)
    for layer in sorted(group, key=lambda it: _pick(it, slots)):
        columns[layer.numbers[slots[-1]]].append(layer)
    outer = {
        tuple(_pick(it, slots[:-1]) for it in column) for column in columns.values()
    }
    if len(outer) > 1 or len(slots) < 2:
        return
    alike: dict[tuple[Shape, ...], list[Layer]] = defaultdict(list)
    counts: Counter[tuple[Shape, ...]] = Counter()
    for column in columns.values():
        forms = tuple(it.form for it in column)
        alike[forms] += column
        counts[forms] += 1
    for forms, members in alike.items():
        if 1 < counts[forms] < len(columns):
            yield tuple(sorted(members, key=lambda it: _pick(it, slots)))


def _alike(
    group: Sequence[Layer], keys: dict[Layer, Hashable]
) -> Iterable[Sequence[Layer]]:
    alike: dict[Hashable, list[Layer]] = defaultdict(list)
    for layer in group:
        alike[keys[layer]].append(layer)
    return alike.values() if len(alike) > 1 else ()


def _families(layers: Sequence[Layer]) -> dict[tuple[Layer, int], Hashable]:
    """Tells of each layer and slot what the block of that number consists of."""
    blocks: dict[Hashable, set[Hashable]] = defaultdict(set)
    places: list[tuple[Layer, int, Hashable]] = []
    for layer in layers:
        slot = 0
        for at, token in enumerate(layer.tokens):
            if isinstance(token, int):
                block = layer.tokens[: at + 1]
                blocks[block].add((layer.tokens[at + 1 :], layer.sort, _look(layer)))
                places.append((layer, slot, block))
                slot += 1
    frozen = {block: frozenset(content) for block, content in blocks.items()}
    return {(layer, slot): frozen[block] for layer, slot, block in places}


def _look(layer: Layer) -> tuple[int, bool]:
    """Tells how many axes a kernel has, and whether it seems depthwise."""
    shapes: list[Shape] = [part.shape for part in layer.parts.values()]
    main = max(shapes, key=len)
    is_target_like = len(main) > 2 and main[1] == 1 < main[0]
    is_source_like = len(main) > 2 and main[-1] == 1 < main[-2]
    return len(main), is_target_like or is_source_like
