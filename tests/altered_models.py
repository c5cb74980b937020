"""Models of several kinds, of which layers are left out at random."""

from __future__ import annotations

import random
import re
from typing import NamedTuple

from fastckpt.matching.propose import Target
from model_families import FAMILIES

_NUMBER = re.compile(r"[0-9]+[a-z]?")


class Altered(NamedTuple):
    """A checkpoint's shapes, a model's, and which of the former is which."""

    sources: dict[str, tuple[int, ...]]
    targets: dict[str, Target]
    truth: dict[str, str]


def make(family: str, seed: int) -> Altered:
    """Makes a model of a kind, and leaves out layers of either side at random."""
    draw = random.Random(f"{family} {seed}")
    layers = FAMILIES[family](draw)
    lost = [
        _choose_lost([layer[side] for layer in layers], draw, is_block)
        for side, is_block in enumerate(draw.choice([(0, 1), (1, 0), (0, 0)]))
    ]
    made = Altered({}, {}, {})
    for layer in layers:
        for theirs, ours, shape, target in layer.tensors():
            made.truth[ours] = theirs
            if layer.theirs not in lost[0]:
                made.sources[theirs] = shape
            if layer.ours not in lost[1]:
                made.targets[ours] = target
    return made


def _choose_lost(names: list[str], draw: random.Random, is_block: int) -> set[str]:
    """Chooses layers: a few, a third, a block, or those of one kind of name."""
    one = draw.choice(names)
    if is_block:
        return _block_of(one, names, draw)
    way = draw.choice(["none", "one", "two", "many", "kind"])
    if way == "kind":
        kind = _NUMBER.sub("0", one)
        return {name for name in names if _NUMBER.sub("0", name) == kind}
    count = {"none": 0, "one": 1, "two": 2, "many": len(names) // 3}[way]
    return set(draw.sample(names, min(count, len(names) - 1)))


def _block_of(name: str, names: list[str], draw: random.Random) -> set[str]:
    """Gives what is in a block with a layer, unless no other one comes before it.

    What begins later is another model: nothing tells what it has lost.
    """
    numbers = list(_NUMBER.finditer(name))
    if not numbers:
        return {name}
    number = draw.choice(numbers)
    scope = name[: number.start()]
    found = {it: _NUMBER.match(it, len(scope)) for it in names if it.startswith(scope)}
    values = {it: match.group() for it, match in found.items() if match}
    if number.group() == min(values.values()):
        return {name}
    return {it for it, value in values.items() if value == number.group()}
