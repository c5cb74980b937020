"""Models of many names: what is done for each does not grow with their count."""

import itertools
import sys
from collections import Counter

import pytest

from fastckpt.matching import alignment, orders
from fastckpt.matching.blocks import are_level
from fastckpt.matching.coherence import find_contradictions
from fastckpt.matching.layers import Layer, read_sources, read_targets
from fastckpt.matching.propose import Target, propose
from fastckpt.matching.templates import Run, make_runs


def count_lines(function, *args) -> int:
    """Gives how many lines of Python a call runs, those of loops once a round."""
    lines = 0

    def trace(frame, event, arg):
        nonlocal lines
        lines += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        function(*args)
    finally:
        sys.settrace(before)
    return lines


def normalized(count: int, *, is_flat: bool) -> dict[Layer, Layer]:
    """Gives normalizations whose last number, the 1 of norm1, is not the block's."""
    blocks = [(at, part) for at in range(count) for part in ("norm1", "bn1", "bn2")]
    sources = {
        f"net/norm_{place}/gamma" if is_flat else f"net/unit_{at}/{part[:-1]}/gamma": (
            8,
        )
        for place, (at, part) in enumerate(blocks)
        if is_flat or part != "bn2"
    }
    targets = {
        f"b.{at}.{part}.weight": Target((8,), "norm")
        for at, part in blocks
        if is_flat or part != "bn2"
    }
    theirs, ours = read_sources(sources), read_targets(targets)
    return dict(zip(ours, theirs, strict=False))


@pytest.mark.parametrize("is_flat", [False, True])
def test_a_pair_is_not_compared_with_all_others_of_its_scope(is_flat):
    pairs = [normalized(it, is_flat=is_flat) for it in (50, 200)]
    few, many = (count_lines(find_contradictions, it, it) for it in pairs)
    assert many < 6 * few


def test_the_least_of_many_blocks_is_looked_for_once():
    looks = 0

    class Size(int):
        def __lt__(self, other: int) -> bool:
            nonlocal looks
            looks += 1
            return int(self) < int(other)

    count = 200
    layers = read_sources({f"net/unit_{at}/conv/kernel": (8, 8) for at in range(count)})
    counts = {("net", "unit"): Counter({at: Size(2) for at in range(count)})}
    run = Run((0,), tuple(layers))
    assert are_level(run, run, (counts, counts))
    assert looks < 10 * count


def scopes_of_three_numbers(*scopes: str) -> tuple[dict, dict]:
    numbers = list(itertools.product(range(2), range(3), range(2)))
    sources, targets = {}, {}
    for scope, (a, b, c) in itertools.product(scopes, numbers):
        sources[f"x/{scope}/g_{a}/h_{b}/conv_{c}/kernel"] = (8, 16 + c)
        shape = (16 + c, 8)
        targets[f"y.{scope}.{a}.p{b}.q{c}.weight"] = Target(shape, "linear")
    return sources, targets


def test_of_runs_that_take_too_many_comparisons_nothing_is_paired(monkeypatch):
    one, two = scopes_of_three_numbers("one"), scopes_of_three_numbers("left", "right")
    assert len(propose(*two).pairs) == 24
    # Of each side two runs of 12 layers with three numbers, which have six orders.
    monkeypatch.setattr(alignment, "_MOST_COMPARISONS", 2 * 2 * 12 * 6 - 1)
    pairs = propose(*two).pairs
    assert pairs == {}
    assert len(propose(*one).pairs) == 12  # one run of each side is never too much


def test_two_runs_are_compared_once_in_each_order(monkeypatch):
    compared = Counter()
    original = orders._in_order

    def in_order(sources, targets, order):
        compared[sources.members, targets.members, order] += 1
        return original(sources, targets, order)

    monkeypatch.setattr(orders, "_in_order", in_order)
    sources, targets = scopes_of_three_numbers("one")
    runs = make_runs(read_sources(sources)), make_runs(read_targets(targets))
    theirs, ours = (max(side, key=lambda it: len(it.members)) for side in runs)
    for target in (ours, ours._replace(members=ours.members[::-1])):
        compared.clear()
        orders.read_in_order(theirs, target)
        assert set(compared.values()) == {1}
