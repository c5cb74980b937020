"""Blocks of layers that are counted: which is the first, and what is as far behind."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from fastckpt.matching.layers import Layer
from fastckpt.matching.templates import Run
from fastckpt.matching.words import Token

__all__ = ["Blocks", "Levels", "are_level", "count_blocks"]

#: What has fewer layers is no block.
_LEAST_BLOCK = 2

#: By what stands before a number, the numbers, and how many layers each has.
Blocks = dict[tuple[Token, ...], Counter[int]]


def count_blocks(layers: Iterable[Layer]) -> Blocks:
    blocks: Blocks = defaultdict(Counter)
    for layer in layers:
        for scope, number in _numbers_of(layer):
            blocks[scope][number] += 1
    return blocks


def _numbers_of(layer: Layer) -> Iterator[tuple[tuple[Token, ...], int]]:
    """Gives the numbers in a name, each with what stands before it."""
    for at, token in enumerate(layer.tokens):
        if isinstance(token, int):
            yield layer.tokens[:at], token


def are_level(sources: Run, targets: Run, blocks: tuple[Blocks, Blocks]) -> bool:
    """Tells whether two runs' blocks are as many behind the first of each side."""
    slots = [
        [at for at in range(len(run.members[0].numbers)) if _is_told(run, at, side)]
        for run, side in zip((sources, targets), blocks, strict=True)
    ]
    if len(slots[0]) != len(slots[1]):
        return True
    for pair in zip(*slots, strict=True):
        theirs, ours = map(_ranks, (sources, targets), pair, blocks)
        if theirs is not None and ours is not None and theirs != ours:
            return False
    return True


def _place_of(run: Run, slot: int) -> int:
    return [at for at, it in enumerate(run.members[0].template) if it is None][slot]


def _is_told(run: Run, slot: int, blocks: Blocks) -> bool:
    """Tells whether a number is not the only one: the 0 of a name, b0, is none."""
    at = _place_of(run, slot)
    return any(len(blocks[member.tokens[:at]]) > 1 for member in run.members)


def _ranks(run: Run, slot: int, blocks: Blocks) -> list[int] | None:
    """Gives how many blocks behind the first one members are; None: of no blocks.

    A block with fewer than half of a run's block's layers is none, as a stem.
    """
    at = _place_of(run, slot)
    scopes = {member.tokens[:at] for member in run.members}
    sizes = [blocks[it.tokens[:at]][it.numbers[slot]] for it in run.members]
    least = min(sizes)
    if least < _LEAST_BLOCK:
        return None
    firsts = {
        scope: min(n for n, size in blocks[scope].items() if 2 * size >= least)
        for scope in scopes
    }
    return sorted({it.numbers[slot] - firsts[it.tokens[:at]] for it in run.members})


class Levels:
    """Compares where single layers are, counted from the first of each side."""

    def __init__(self, sources: Iterable[Layer], targets: Iterable[Layer]) -> None:
        self._firsts = _find_firsts(sources), _find_firsts(targets)

    def are_one(self, source: Layer, target: Layer) -> bool:
        """Tells whether both are the n-th of what their names begin with.

        What has no number on one side is the first on the other.
        """
        theirs, ours = map(_count_from, (source, target), self._firsts)
        if not theirs or not ours:
            return not any(theirs) and not any(ours)
        return len(theirs) != len(ours) or theirs == ours


def _find_firsts(layers: Iterable[Layer]) -> dict[tuple[Token, ...], int]:
    """Gives the first of the numbers that stand after the same words and numbers."""
    firsts: dict[tuple[Token, ...], int] = {}
    for layer in layers:
        for scope, number in _numbers_of(layer):
            firsts[scope] = min(number, firsts.get(scope, number))
    return firsts


def _count_from(layer: Layer, firsts: dict[tuple[Token, ...], int]) -> list[int]:
    return [number - firsts[scope] for scope, number in _numbers_of(layer)]
