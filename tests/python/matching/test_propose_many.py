"""Models of many names: what is done for each does not grow with their count."""

import sys
from collections import Counter

import pytest

from fastckpt.matching.blocks import are_level
from fastckpt.matching.coherence import find_contradictions
from fastckpt.matching.layers import Layer, read_sources, read_targets
from fastckpt.matching.propose import Target
from fastckpt.matching.templates import Run


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
