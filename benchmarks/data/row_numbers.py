"""Which rows of the table are asked for: the same ones of everybody."""

from __future__ import annotations

import numpy as np

__all__ = ["BATCH", "MANY", "batches", "many", "remote", "single"]

_SINGLE = 500
_BATCHES = 16
BATCH = 256
MANY = 65_536
_REMOTE = 1_000


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


def remote(rows: int, among: int = 0) -> np.ndarray:
    """Gives different rows that are asked for behind a URL, all at once.

    Args:
        rows: How many there are.
        among: From how many neighbours they are taken; 0: from all.
    """
    generator = np.random.default_rng(14)
    among = min(among or rows, rows)
    first = (rows - among) // 2
    return first + generator.choice(among, min(_REMOTE, among), replace=False)
