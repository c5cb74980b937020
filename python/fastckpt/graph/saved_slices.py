"""``shape_and_slices``: which part of a checkpoint's tensor a Save or Restore means.

The text is the full tensor's dimensions, then ``start,length`` or ``-`` (all of it) for
each, joined by colons: ``4 3 0,2:-``. Empty text is the whole tensor.
Source: tensorflow/core/framework/tensor_slice.cc, ParseShapeAndSlice.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from fastckpt.errors import CorruptionError

__all__ = ["SavedSlice", "parse_shape_and_slice"]

_NUMBER = r"[0-9]{1,19}"
_ITEM = rf"(?:-|{_NUMBER},{_NUMBER})"
_TEXT = re.compile(rf"((?:{_NUMBER} )*)({_ITEM}(?::{_ITEM})*)?")


class SavedSlice(NamedTuple):
    """A part of a tensor.

    Attributes:
        full_shape: The whole tensor's shape.
        begin: Where the part begins in each dimension.
        extent: How long it is in each dimension.
    """

    full_shape: tuple[int, ...]
    begin: tuple[int, ...]
    extent: tuple[int, ...]

    @property
    def region(self) -> tuple[slice, ...]:
        """The part as an index, for ``ckpt.read(name, region=...)``."""
        pairs = zip(self.begin, self.extent, strict=True)
        return tuple(slice(begin, begin + extent) for begin, extent in pairs)


def parse_shape_and_slice(text: str) -> SavedSlice | None:
    """Gives the part that a text means, None for the whole tensor.

    Raises:
        CorruptionError: the text is none, or the part does not lie in the tensor.
    """
    if not text:
        return None
    match = _TEXT.fullmatch(text)
    shape = tuple(map(int, match[1].split())) if match else ()
    items = match[2].split(":") if match and match[2] else []
    if match is None or len(items) != len(shape):
        raise CorruptionError(f"{text!r} is no shape_and_slice")
    pairs = [_parse_item(item, dim) for item, dim in zip(items, shape, strict=True)]
    part = SavedSlice(shape, tuple(b for b, _ in pairs), tuple(e for _, e in pairs))
    for begin, extent, dim in zip(part.begin, part.extent, shape, strict=True):
        if not (begin <= dim and extent <= dim - begin):
            raise CorruptionError(f"the part {text!r} does not lie in its tensor")
    return None if part.extent == shape else part


def _parse_item(item: str, dim: int) -> tuple[int, int]:
    if item == "-":
        return 0, dim
    begin, _, extent = item.partition(",")
    return int(begin), int(extent)
