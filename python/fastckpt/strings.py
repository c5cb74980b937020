"""String tensors: object arrays of ``bytes``, made whole and then cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from fastckpt._native import Reader
    from fastckpt.region import Region

__all__ = ["check_out", "holds_strings", "read"]


def holds_strings(reader: Reader, slot: int) -> bool:
    """Tells whether the tensor's elements are strings."""
    return reader.info(slot).tf_dtype == "string"


def read(
    reader: Reader, slot: int, region: Region, out: np.ndarray | None
) -> np.ndarray:
    """Reads a region of a string tensor, into ``out`` if that is given.

    Returns:
        A writable array of dtype object, of no dimension too.

    Raises:
        TypeError, ValueError: ``out`` is no object array of the region's shape.
    """
    if out is not None:
        check_out(out, tuple(count for _, count, _, keep in region if keep))
    array = _take(reader.copy([slot], 1, None)[0], region)
    if out is None:
        return array
    out[...] = array
    return out


def check_out(out: np.ndarray, shape: tuple[int, ...]) -> None:
    """Checks that strings of that shape fit into ``out``."""
    if not isinstance(out, np.ndarray) or out.dtype != object:
        raise TypeError("strings can only be read into an ndarray of dtype object")
    if out.shape != shape:
        raise ValueError(f"out has shape {out.shape}, the region {shape}")


def _take(array: np.ndarray, region: Region) -> np.ndarray:
    items = tuple(
        slice(start, None if (stop := start + count * step) < 0 else stop, step)
        if keep
        else start
        for start, count, step, keep in region
    )
    # The ellipsis makes an array of what would be an element.
    return np.array(array[items + (...,)], dtype=array.dtype)  # noqa: RUF005
