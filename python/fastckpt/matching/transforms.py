"""What becomes of a tensor's axes on its way to a parameter."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import prod
from typing import Any, NamedTuple

import numpy as np

__all__ = ["Step", "parse_step"]

Shape = tuple[int, ...]
Bounds = tuple[tuple[int, int], ...]
Array = np.ndarray[Any, Any]

_INTEGERS = re.compile(r"-?[0-9]+(?:,-?[0-9]+)*")
_BOUNDS = re.compile(r"([0-9]*):([0-9]*)")
#: How many words follow each.
_WORDS = {
    "transpose": 0,
    "permute": 1,
    "squeeze": 0,
    "reshape": 1,
    "take": 2,
    "concat": 1,
}


class Step(NamedTuple):
    """One transform.

    Attributes:
        word: Its name.
        numbers: Of permute the axes, of reshape the sizes, of take the axis, the
            begin and the end, -1 where it is the axis's own, of concat the axis.
    """

    word: str
    numbers: Shape = ()

    def __str__(self) -> str:
        if self.word == "take":
            axis, begin, end = self.numbers
            return f"take {axis} {begin or ''}:{'' if end < 0 else end}"
        return f"{self.word} {','.join(map(str, self.numbers))}".rstrip()

    def shape_of(self, shape: Shape) -> Shape:
        """Gives the shape that a shape becomes.

        Raises:
            ValueError: It has no such axes, or other sizes.
        """
        return getattr(self, f"_{self.word}_shape")(shape)  # type: ignore[no-any-return]

    def apply(self, array: Array, whole: Shape | None = None) -> Array:
        """Gives the array that an array becomes: a view where NumPy has one.

        REQUIRES: shape_of takes its shape.

        Args:
            array: The values.
            whole: The shape of all, where these are a box of it.
        """
        if self.word == "take":
            axis, begin, end = self.bounds(array.shape)
            indices = [slice(None)] * axis + [slice(begin, end)]
            taken: Array = array[tuple(indices)]
            return taken
        if self.word in ("transpose", "permute"):
            return np.transpose(array, self.numbers or None)
        if self.word == "squeeze":
            sizes = array.shape if whole is None else whole
            return np.squeeze(array, tuple(i for i, it in enumerate(sizes) if it == 1))
        return array.reshape(self.shape_of(array.shape))

    def trace(self, box: Bounds, shape: Shape) -> Bounds | None:
        """Gives the box of an array of a shape that becomes a box; None: there is none.

        REQUIRES: shape_of takes the shape.
        """
        if self.word == "transpose":
            return box[::-1]
        if self.word == "permute":
            return tuple(box[axis] for axis in np.argsort(self.numbers))
        if self.word == "squeeze":
            rest = iter(box)
            return tuple((0, 1) if size == 1 else next(rest) for size in shape)
        if self.word == "take":
            axis, begin, _ = self.bounds(shape)
            low, high = box[axis]
            return (*box[:axis], (low + begin, high + begin), *box[axis + 1 :])
        if box == tuple((0, size) for size in self.shape_of(shape)):
            return tuple((0, size) for size in shape)
        return None

    def place(self, out: Array, shape: Shape) -> Array | None:
        """Gives where in ``out`` an array of a shape lies that becomes ``out``.

        None: nowhere as it is. REQUIRES: shape_of gives out's shape.
        """
        if self.word == "transpose":
            return np.transpose(out)
        if self.word == "permute":
            return np.transpose(out, np.argsort(self.numbers))
        if self.word in ("squeeze", "reshape"):
            view = out.reshape(shape)
            return view if np.may_share_memory(view, out) or not out.size else None
        return None

    def join(self, arrays: Sequence[Array]) -> Array:
        """Gives the arrays one after the other on the axis of a concat."""
        return np.concatenate(arrays, self.numbers[0])

    def joined_shape(self, shapes: Sequence[Shape]) -> Shape:
        """Gives the shape of that; raises ValueError where they do not fit."""
        axis = self.numbers[0]
        first = shapes[0]
        _check_axis(axis, first, "concat")
        rests = {shape[:axis] + shape[axis + 1 :] for shape in shapes}
        if len(rests) > 1 or len({len(shape) for shape in shapes}) > 1:
            listed = ", ".join(map(str, shapes))
            raise ValueError(f"concat {axis}: {listed} differ beside axis {axis}")
        total = sum(shape[axis] for shape in shapes)
        return (*first[:axis], total, *first[axis + 1 :])

    def bounds(self, shape: Shape) -> tuple[int, int, int]:
        """Gives the axis, the begin and the end of what a take takes of a shape."""
        axis, begin, end = self.numbers
        return axis, begin, shape[axis] if end < 0 else end

    def _transpose_shape(self, shape: Shape) -> Shape:
        return shape[::-1]

    def _permute_shape(self, shape: Shape) -> Shape:
        if sorted(self.numbers) != list(range(len(shape))):
            raise ValueError(f"{self}: shape {shape} has other axes")
        return tuple(shape[axis] for axis in self.numbers)

    def _squeeze_shape(self, shape: Shape) -> Shape:
        return tuple(size for size in shape if size != 1)

    def _reshape_shape(self, shape: Shape) -> Shape:
        known = prod(size for size in self.numbers if size >= 0)
        count = prod(shape)
        if -1 in self.numbers:
            if known == 0 or count % known:
                raise ValueError(f"{self}: shape {shape} has {count} elements")
            made = tuple(count // known if s < 0 else s for s in self.numbers)
        else:
            made = self.numbers
        if prod(made) != count:
            raise ValueError(f"{self}: shape {shape} has {count} elements")
        return made

    def _take_shape(self, shape: Shape) -> Shape:
        _check_axis(self.numbers[0], shape, "take")
        axis, begin, end = self.bounds(shape)
        if not begin < end <= shape[axis]:
            raise ValueError(f"{self}: axis {axis} of shape {shape} has no such part")
        return (*shape[:axis], end - begin, *shape[axis + 1 :])


def _check_axis(axis: int, shape: Shape, word: str) -> None:
    if axis >= len(shape):
        raise ValueError(f"{word} {axis}: shape {shape} has no axis {axis}")


def parse_step(words: list[str]) -> Step:
    """Takes the words of one transform from the front of a list.

    Raises:
        ValueError: They are none.
    """
    word = words.pop(0)
    if word not in _WORDS:
        raise ValueError(f"{word!r} is no transform: {', '.join(_WORDS)}")
    if len(words) < _WORDS[word]:
        raise ValueError(f"{word!r} lacks its numbers")
    following = [words.pop(0) for _ in range(_WORDS[word])]
    step = Step(word, _parse_numbers(word, following))
    _check_numbers(step)
    return step


def _parse_numbers(word: str, texts: list[str]) -> Shape:
    if word == "take":
        axis, text = texts
        bounds = _BOUNDS.fullmatch(text)
        if bounds is None:
            raise ValueError(f"take: {text!r} is not of the form 0:768")
        begin, end = (int(it) if it else None for it in bounds.groups())
        return (*_integers(axis), begin or 0, -1 if end is None else end)
    return tuple(number for text in texts for number in _integers(text))


def _integers(text: str) -> Shape:
    if _INTEGERS.fullmatch(text) is None:
        raise ValueError(f"{text!r} are no integers such as 3,2,0,1")
    return tuple(map(int, text.split(",")))


def _check_numbers(step: Step) -> None:
    word, numbers = step
    least = -1 if word == "reshape" else 0
    checked = numbers[:1] if word == "take" else numbers
    if any(number < least for number in checked) or numbers.count(-1) > 1:
        raise ValueError(f"{step}: a number is negative")
    if word in ("take", "concat") and len(numbers) != {"take": 3, "concat": 1}[word]:
        raise ValueError(f"{word}: it has one axis")
    if word == "permute" and sorted(numbers) != list(range(len(numbers))):
        raise ValueError(f"{step}: an axis is missing or there twice")
