"""String tensors: object arrays of ``bytes``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from fastckpt._native import Reader

__all__ = ["check_out", "put", "read"]


def read(reader: Reader, slot: int, region: Any) -> np.ndarray:
    """Reads a region of a string tensor.

    Returns:
        A writable array of dtype object, of no dimension too.
    """
    if region is None:
        return reader.copy([slot], 1, None)[0]
    return reader.read(reader.info(slot).name, region, 1)


def put(array: np.ndarray, out: np.ndarray | None) -> np.ndarray:
    """Puts strings into ``out`` if that is given, which ``check_out`` accepted."""
    if out is None:
        return array
    out[...] = array
    return out


def check_out(name: str, out: np.ndarray, shape: tuple[int, ...]) -> None:
    """Checks that strings of that shape fit into ``out``; errors name the tensor."""
    if not isinstance(out, np.ndarray) or out.dtype != object:
        raise TypeError(
            f"tensor {name!r}: strings can only be read into an ndarray of dtype object"
        )
    if out.shape != shape:
        raise ValueError(
            f"tensor {name!r}: out has shape {out.shape}, the region {shape}"
        )
    if not out.flags.writeable:
        raise ValueError(f"tensor {name!r}: out is read-only")
