"""Where the parts of a parameter lie in the tensors that become it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from fastckpt.matching.pair import Pair
from fastckpt.matching.transforms import Step

__all__ = ["Box", "Part", "find_parts", "list_chunks", "read_box"]

Shape = tuple[int, ...]
#: The begin and the end on each axis.
Box = tuple[tuple[int, int], ...]
Read = Callable[[int, Box], np.ndarray[Any, Any]]


class Part(NamedTuple):
    """A box of a source, and the box of the parameter that it becomes.

    Attributes:
        source: The place of the source in the pair.
        box: In the source.
        into: In the parameter.
    """

    source: int
    box: Box
    into: Box


def find_parts(pair: Pair, shapes: Sequence[Shape], box: Box) -> list[Part] | None:
    """Gives what of the sources a box of the parameter is made of.

    None: a transform mixes the axes so that only whole tensors tell.

    Args:
        pair: How the parameter comes about.
        shapes: Of its sources.
        box: Of the parameter.
    """
    if pair.concat is None:
        traced = _trace(box, shapes[0], (*pair.before, *pair.after))
        return None if traced is None else [Part(0, traced, box)]
    if pair.after:
        return None
    axis = pair.concat.numbers[0]
    parts, at = [], 0
    for number, shape in enumerate(shapes):
        end = at + _shapes(shape, pair.before)[-1][axis]
        low, high = max(box[axis][0], at), min(box[axis][1], end)
        if low < high:
            own = _with(box, axis, (low - at, high - at))
            traced = _trace(own, shape, pair.before)
            if traced is None:
                return None
            parts.append(Part(number, traced, _with(box, axis, (low, high))))
        at = end
    return parts


def list_chunks(pair: Pair, shapes: Sequence[Shape]) -> list[Box]:
    """Gives the boxes of a parameter that its sources become, one after the other."""
    whole = pair.shape_of(shapes)
    box = tuple((0, size) for size in whole)
    parts = find_parts(pair, shapes, box) if pair.concat is not None else None
    return [box] if parts is None else [part.into for part in parts]


def _with(box: Box, axis: int, bounds: tuple[int, int]) -> Box:
    return (*box[:axis], bounds, *box[axis + 1 :])


def _shapes(shape: Shape, steps: Sequence[Step]) -> list[Shape]:
    shapes = [shape]
    for step in steps:
        shapes.append(step.shape_of(shapes[-1]))
    return shapes


def _trace(box: Box, shape: Shape, steps: Sequence[Step]) -> Box | None:
    """Follows a box back through steps, the last first."""
    traced: Box | None = box
    before = _shapes(shape, steps)[:-1]
    for step, each in zip(reversed(steps), reversed(before), strict=True):
        if traced is None:
            return None
        traced = step.trace(traced, each)
    return traced


def read_box(
    pair: Pair, shapes: Sequence[Shape], box: Box, read: Read
) -> np.ndarray[Any, Any]:
    """Gives a box of a parameter, read by parts or, where that is not possible, whole.

    Args:
        pair, shapes, box: As in ``find_parts``.
        read: Gives the box of a source, by its place in the pair.
    """
    parts = find_parts(pair, shapes, box)
    if not parts:
        every = enumerate(shapes)
        whole = pair.apply(
            [read(n, tuple((0, size) for size in it)) for n, it in every]
        )
        indices: Any = (*(slice(*bounds) for bounds in box), ...)
        part: np.ndarray[Any, Any] = whole[indices]  # of no dimension too
        return part
    arrays = [
        _apply(read(part.source, part.box), pair, shapes[part.source]) for part in parts
    ]
    return arrays[0] if pair.concat is None else pair.concat.join(arrays)


def _apply(
    array: np.ndarray[Any, Any], pair: Pair, shape: Shape
) -> np.ndarray[Any, Any]:
    """Does the steps to a part of a tensor of a shape; the part is taken already."""
    for step in (*pair.before, *pair.after):
        if step.word != "take":
            array = step.apply(array, shape)
        shape = step.shape_of(shape)
    return array
