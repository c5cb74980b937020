"""Nested lists as arrays: rectangular, and strings of any length without padding.

NumPy would first look for the longest string and make all of them that wide.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np

__all__ = ["array_of"]

# NumPy's kinds of text and bytes, and of objects, which may be either.
_STRING_KINDS = "OSUT"
# As many dimensions as NumPy has; a list that is in itself has more.
_MAX_DEPTH = 64


def array_of(name: str, value: Sequence[Any]) -> np.ndarray[Any, Any]:
    """Gives nested lists as an array, of objects where they hold str or bytes.

    Args:
        name: The tensor's name, for messages.
        value: Numbers, or str and bytes, in lists of one length at each depth.

    Raises:
        TypeError: The lists are of unlike lengths, strings stand beside others, or
            integers fit no one type.
    """
    elements, shape = _flatten(name, value)
    kinds = set(map(type, elements))
    if any(issubclass(kind, str | bytes) for kind in kinds):
        return _strings(name, elements, shape, kinds)
    try:
        array = np.asarray(value)
    except ValueError as error:  # arrays of unlike shapes
        raise TypeError(f"tensor {name!r}: {error}") from error
    if array.dtype.kind in "fO" and kinds and _are_integers(kinds):
        raise TypeError(
            f"tensor {name!r}: its integers are too large for int64, and floats would "
            "round them; give an array of the dtype that is meant"
        )
    if array.dtype.kind in "fc":
        _check_exact(name, elements)
    return np.array(value, dtype=object) if array.dtype.kind in "SU" else array


def _check_exact(name: str, elements: list[Any]) -> None:
    """Refuses integers beside floats that float64, which they become, would round."""
    for element in elements:
        if isinstance(element, int) and int(float(element)) != element:
            raise TypeError(
                f"tensor {name!r}: {element} stands beside floats, which would round "
                "it; give an array of the dtype that is meant"
            )


def _flatten(name: str, value: Sequence[Any]) -> tuple[list[Any], tuple[int, ...]]:
    """Gives what is in the innermost lists, and the lengths of the lists."""
    lists: list[Any] = [value]
    shape: list[int] = []
    while True:
        lengths = set(map(len, lists))
        if len(lengths) > 1:
            raise TypeError(
                f"tensor {name!r}: lists at depth {len(shape) + 1} are of unlike "
                f"lengths, from {min(lengths)} to {max(lengths)}"
            )
        shape.append(lengths.pop())
        elements = list(map(_unpacked, chain.from_iterable(lists)))
        are_lists = [isinstance(element, list | tuple) for element in elements]
        if not any(are_lists) or len(shape) == _MAX_DEPTH:
            return elements, tuple(shape)
        if not all(are_lists):
            strings = any(isinstance(element, str | bytes) for element in elements)
            if strings:
                raise TypeError(f"tensor {name!r}: it has strings beside lists")
            return elements, tuple(shape)
        lists = elements


def _unpacked(element: Any) -> Any:
    """Gives an array of strings as lists."""
    if isinstance(element, np.ndarray) and element.dtype.kind in _STRING_KINDS:
        return element.tolist()
    return element


def _strings(
    name: str, elements: list[Any], shape: tuple[int, ...], kinds: set[type]
) -> np.ndarray[Any, Any]:
    others = [kind for kind in kinds if not issubclass(kind, str | bytes)]
    if others:
        named = ", ".join(sorted(kind.__name__ for kind in others))
        raise TypeError(f"tensor {name!r}: it has {named} beside strings")
    array = np.empty(len(elements), dtype=object)
    array[:] = elements
    return array.reshape(shape)


def _are_integers(kinds: set[type]) -> bool:
    return all(issubclass(kind, int | np.integer) for kind in kinds)
