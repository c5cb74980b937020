"""``Pair``: how one parameter comes about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from fastckpt.matching.transforms import Step

__all__ = ["Pair"]


class Pair(NamedTuple):
    """How one parameter comes about.

    Attributes:
        sources: The names of the tensors; several are joined.
        before: What becomes of each.
        concat: How they are joined; None: there is one.
        after: What becomes of that.
    """

    sources: tuple[str, ...]
    before: tuple[Step, ...] = ()
    concat: Step | None = None
    after: tuple[Step, ...] = ()

    @property
    def steps(self) -> tuple[Step, ...]:
        """All transforms, in their order."""
        joins = () if self.concat is None else (self.concat,)
        return (*self.before, *joins, *self.after)

    @property
    def takes(self) -> bool:
        """Whether only a part of its source is taken."""
        return any(step.word == "take" for step in self.before)

    def shape_of(self, shapes: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
        """Gives the shape that sources of these become; ValueError: of none."""
        made = [_shape_after(shape, self.before) for shape in shapes]
        joined = made[0] if self.concat is None else self.concat.joined_shape(made)
        return _shape_after(joined, self.after)

    def check_dtypes(self, dtypes: Sequence[np.dtype[Any] | None]) -> None:
        """Raises ValueError where sources of several dtypes would be joined."""
        kinds = sorted({str(dtype) for dtype in dtypes})
        if len(kinds) > 1:
            raise ValueError(f"the sources have several dtypes: {', '.join(kinds)}")

    def apply(self, arrays: Sequence[np.ndarray[Any, Any]]) -> np.ndarray[Any, Any]:
        """Gives the parameter's values: a view where no step needs a copy."""
        made = [_apply(array, self.before) for array in arrays]
        joined = made[0] if self.concat is None else self.concat.join(made)
        return _apply(joined, self.after)

    def __str__(self) -> str:
        words = [" + ".join(self.sources), *map(str, self.steps)]
        return " ".join(words)


def _shape_after(shape: tuple[int, ...], steps: Sequence[Step]) -> tuple[int, ...]:
    for step in steps:
        shape = step.shape_of(shape)
    return shape


def _apply(array: np.ndarray[Any, Any], steps: Sequence[Step]) -> np.ndarray[Any, Any]:
    for step in steps:
        array = step.apply(array)
    return array
