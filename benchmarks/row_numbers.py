"""Which rows of the table are asked for: the same ones of everybody."""

from __future__ import annotations

import numpy as np

__all__ = ["BATCH", "MANY", "batches", "many", "single"]

_SINGLE = 500
_BATCHES = 16
BATCH = 256
MANY = 65_536


def _random(count: int, rows: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, rows, count)


def single(rows: int) -> list[int]:
    """Gives rows that are asked for one by one."""
    return [int(row) for row in _random(_SINGLE, rows, 11)]


def batches(rows: int) -> np.ndarray:
    """Gives rows in batches, one in each line."""
    return _random(_BATCHES * BATCH, rows, 12).reshape(_BATCHES, BATCH)


def many(rows: int) -> np.ndarray:
    """Gives rows that are asked for at once."""
    return _random(MANY, rows, 13)
