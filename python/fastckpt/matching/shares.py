"""Whether the parts that lines take of a tensor are all of it, once."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from fastckpt.matching.pair import Pair
from fastckpt.matching.parts import Box, find_parts

__all__ = ["find_wrong", "tell_rest"]

Shape = tuple[int, ...]


def find_wrong(pairs: Sequence[Pair], shape: Shape) -> str:
    """Tells what is wrong with the parts that pairs take; "": they are all, once.

    Args:
        pairs: Each takes a part of one source.
        shape: The source's.
    """
    boxes, whole = _find_boxes(pairs, shape)
    if boxes is None:
        return (
            "parts are taken after other reshapes, so that nothing tells whether they "
            "are all of it"
        )
    axes = {
        axis
        for box in boxes
        for axis, (bounds, size) in enumerate(zip(box, whole, strict=True))
        if bounds != (0, size)
    }
    if len(axes) == 1:
        (axis,) = axes
        return _find_gap(sorted(box[axis] for box in boxes), axis, whole[axis])
    for number, box in enumerate(boxes):
        for other in boxes[:number]:
            if all(_overlap(*pair) for pair in zip(box, other, strict=True)):
                return f"the parts {_show(other)} and {_show(box)} overlap"
    rest = prod(whole) - sum(prod(high - low for low, high in box) for box in boxes)
    return f"{rest:,} numbers go nowhere" if rest else ""


def tell_rest(pair: Pair, shape: Shape) -> str:
    """Tells what one pair leaves of its source; "": nothing."""
    boxes, whole = _find_boxes([pair], shape)
    assert boxes is not None
    rest = prod(whole) - prod(high - low for low, high in boxes[0])
    return f"{rest:,} of {prod(whole):,} numbers are not used" if rest else ""


def _find_boxes(pairs: Sequence[Pair], shape: Shape) -> tuple[list[Box] | None, Shape]:
    """Gives what each takes, in the source's axes or, after a reshape, in its own."""
    boxes = []
    for pair in pairs:
        steps = pair.before[: _find_take(pair) + 1]
        alone = Pair(pair.sources[:1], steps)
        made = alone.shape_of([shape])
        parts = find_parts(alone, [shape], tuple((0, size) for size in made))
        if parts is None:
            return _find_alike(pairs, shape)
        boxes.append(parts[0].box)
    return boxes, shape


def _find_alike(pairs: Sequence[Pair], shape: Shape) -> tuple[list[Box] | None, Shape]:
    """The same where all do the same before they take."""
    first = pairs[0].before[: _find_take(pairs[0])]
    if any(pair.before[: _find_take(pair)] != first for pair in pairs):
        return None, shape
    whole = Pair(pairs[0].sources[:1], first).shape_of([shape])
    boxes = []
    for pair in pairs:
        axis, begin, end = pair.before[len(first)].bounds(whole)
        box = [(0, size) for size in whole]
        box[axis] = (begin, end)
        boxes.append(tuple(box))
    return boxes, whole


def _find_take(pair: Pair) -> int:
    return next(i for i, step in enumerate(pair.before) if step.word == "take")


def _overlap(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return max(one[0], other[0]) < min(one[1], other[1])


def _find_gap(taken: Sequence[tuple[int, int]], axis: int, size: int) -> str:
    reach = 0
    for begin, end in [*taken, (size, size)]:
        if begin != reach:
            what = "is taken twice" if begin < reach else "goes nowhere"
            low, high = sorted((begin, reach))
            return f"the part {low}:{high} of axis {axis} {what}"
        reach = end
    return ""


def _show(box: Box) -> str:
    return "[" + ", ".join(f"{low}:{high}" for low, high in box) + "]"
