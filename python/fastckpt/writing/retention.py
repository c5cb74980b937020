"""Which checkpoints a saver keeps, by TensorFlow's rule.

The newest few are kept. Of what falls out of their list, one is kept for ever each
time the hours have passed; the rest is to be removed, one at each save.

Source: tensorflow/python/training/saver.py, `_RecordLastCheckpoint` and
`_MaybeDeleteOldCheckpoints`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable

import numpy as np

__all__ = ["Retention"]


class Retention:
    """The list of kept checkpoints, each with the time of its save.

    Args:
        max_to_keep: How many are kept; with 0 none is listed and none removed.
        keep_every_n_hours: How often one is kept for ever.

    Attributes:
        kept: The kept prefixes and their times, oldest first.

    Threads: one.
    """

    def __init__(self, max_to_keep: int, keep_every_n_hours: float) -> None:
        self.kept: list[tuple[str, float]] = []
        self._dropped: list[tuple[str, float]] = []
        self._max_to_keep = max_to_keep
        # TensorFlow keeps the hours in a float of 32 bits.
        self._interval = float(np.float32(keep_every_n_hours)) * 3600
        self._next_kept = time.time() + self._interval

    def record(self, prefix: str) -> None:
        """Notes that a checkpoint was saved, now."""
        if not self._max_to_keep:
            return
        self.kept = [*_others(self.kept, prefix), (prefix, time.time())]
        self._dropped = _others(self._dropped, prefix)
        if len(self.kept) > self._max_to_keep:
            self._dropped.append(self.kept.pop(0))

    def take_removal(self) -> str | None:
        """Gives the next checkpoint to remove, None where none is due."""
        if not self._dropped:
            return None
        prefix, saved = self._dropped.pop(0)
        if saved > self._next_kept:
            self._next_kept += self._interval
            return None
        return prefix


def _others(
    entries: Iterable[tuple[str, float]], prefix: str
) -> list[tuple[str, float]]:
    """All but those that name a prefix, however they spell it.

    An old entry that was saved over must never be removed for its other spelling.
    """
    name = _identity(prefix)
    return [entry for entry in entries if _identity(entry[0]) != name]


def _identity(prefix: str) -> tuple[str, str]:
    folder, base = os.path.split(prefix)
    return os.path.realpath(folder), base
