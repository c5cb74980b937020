"""Which types are numbers, and which of these are whole."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["is_integer", "is_numeric"]


def is_numeric(dtype: np.dtype[Any] | None) -> bool:
    """Tells whether values are numbers or booleans, and no strings or dates."""
    if dtype is None or dtype.kind in "OSUMm":
        return False
    return dtype.kind != "V" or not issubclass(dtype.type, np.void)


def is_integer(dtype: np.dtype[Any]) -> bool:
    """Tells it of booleans and of ml_dtypes' narrow integers, too."""
    return dtype.kind in "biu" or dtype.name.startswith(("int", "uint"))
