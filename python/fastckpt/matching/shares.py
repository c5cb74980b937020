"""Whether the parts that lines take of a tensor are all of it, once."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

from fastckpt.matching.pair import Pair
from fastckpt.matching.parts import Box, find_parts
from fastckpt.matching.transforms import Step

__all__ = ["find_wrong"]

Shape = tuple[int, ...]


class _Boxes(NamedTuple):
    """What each of several pairs takes.

    Attributes:
        boxes: In the source, or in what it becomes by the same steps of all.
        whole: The shape of that.
        steps: The steps.
    """

    boxes: list[Box]
    whole: Shape
    steps: tuple[Step, ...] = ()


def find_wrong(name: str, pairs: Sequence[Pair], shape: Shape) -> str:
    """Tells what is wrong with the parts that pairs take; "": they are all, once.

    Args:
        name: The tensor's.
        pairs: Each takes a part of it.
        shape: The tensor's.
    """
    try:
        found = _find_boxes(pairs, shape)
    except ValueError as error:
        return f"of {name!r}: {error}"
    if found is None:
        return (
            f"of {name!r} parts are taken after other reshapes, so that nothing tells "
            "whether they are all of it"
        )
    boxes, whole, _ = found
    axes = {
        axis
        for box in boxes
        for axis, (bounds, size) in enumerate(zip(box, whole, strict=True))
        if bounds != (0, size)
    }
    if len(axes) == 1:
        return _find_gap(name, found, *axes)
    for number, box in enumerate(boxes):
        for other in boxes[:number]:
            if all(_overlap(*pair) for pair in zip(box, other, strict=True)):
                return f"of {name!r} the parts {_show(other)} and {_show(box)} overlap"
    rest = prod(whole) - sum(prod(high - low for low, high in box) for box in boxes)
    return f"of {name!r} {rest:,} numbers go nowhere" if rest else ""


def _find_boxes(pairs: Sequence[Pair], shape: Shape) -> _Boxes | None:
    boxes = []
    for pair in pairs:
        steps = pair.before[: _find_take(pair) + 1]
        alone = Pair(pair.sources[:1], steps)
        made = alone.shape_of([shape])
        parts = find_parts(alone, [shape], tuple((0, size) for size in made))
        if parts is None:
            return _find_alike(pairs, shape)
        boxes.append(parts[0].box)
    return _Boxes(boxes, shape)


def _find_alike(pairs: Sequence[Pair], shape: Shape) -> _Boxes | None:
    """The same where all do the same before they take."""
    first = pairs[0].before[: _find_take(pairs[0])]
    if any(pair.before[: _find_take(pair)] != first for pair in pairs):
        return None
    whole = Pair(pairs[0].sources[:1], first).shape_of([shape])
    boxes = []
    for pair in pairs:
        axis, begin, end = pair.before[len(first)].bounds(whole)
        box = [(0, size) for size in whole]
        box[axis] = (begin, end)
        boxes.append(tuple(box))
    return _Boxes(boxes, whole, first)


def _find_take(pair: Pair) -> int:
    return next(i for i, step in enumerate(pair.before) if step.word == "take")


def _overlap(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return max(one[0], other[0]) < min(one[1], other[1])


def _find_gap(name: str, found: _Boxes, axis: int) -> str:
    """The same of parts along one axis."""
    size = found.whole[axis]
    reach = 0
    for begin, end in [*sorted(box[axis] for box in found.boxes), (size, size)]:
        part = f"of {name!r} the part {{}}:{{}} of axis {axis}"
        if begin < reach:
            return f"{part.format(begin, reach)} is taken twice"
        if begin > reach:
            step = Step("take", (axis, reach, begin))
            line = " ".join(map(str, (*found.steps, step)))
            return (
                f"{part.format(reach, begin)} goes nowhere; "
                f"a line leaves it out: SOURCE -> - {line}"
            )
        reach = end
    return ""


def _show(box: Box) -> str:
    return "[" + ", ".join(f"{low}:{high}" for low, high in box) + "]"
