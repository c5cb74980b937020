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
from typing import NamedTuple

import numpy as np

__all__ = ["Retention", "absolute"]


class _Entry(NamedTuple):
    """A checkpoint: its prefix as it was spelled, when it was saved, and where.

    The same spelling may lead elsewhere later, after a change of the working folder,
    of a link, or where a folder was moved: to a checkpoint that somebody else saved.
    """

    prefix: str
    time: float
    path: str
    folder: tuple[int, int] | None


class Retention:
    """The list of kept checkpoints, each with the time of its save.

    Args:
        max_to_keep: How many are kept; with 0 none is listed and none removed.
        keep_every_n_hours: How often one is kept for ever.

    Threads: one.
    """

    def __init__(self, max_to_keep: int, keep_every_n_hours: float) -> None:
        self._kept: list[_Entry] = []
        self._dropped: list[_Entry] = []
        self._max_to_keep = max_to_keep
        # TensorFlow keeps the hours in a float of 32 bits.
        self._interval = float(np.float32(keep_every_n_hours)) * 3600
        self._next_kept = time.time() + self._interval

    @property
    def prefixes(self) -> list[str]:
        """The kept prefixes, oldest first."""
        return [entry.prefix for entry in self._kept]

    def adopt(self, dated: Iterable[tuple[str, float]]) -> None:
        """Sets the list: prefixes and the times of their saves, oldest first."""
        self._kept = [_locate(prefix, saved) for prefix, saved in dated]

    def record(self, prefix: str) -> None:
        """Notes that a checkpoint was saved, now."""
        if not self._max_to_keep:
            return
        entry = _locate(prefix, time.time())
        self._kept = [*_others(self._kept, entry), entry]
        self._dropped = _others(self._dropped, entry)
        if len(self._kept) > self._max_to_keep:
            self._dropped.append(self._kept.pop(0))

    def take_removal(self) -> str | None:
        """Gives the path of the next checkpoint to remove, None where none is due.

        None, too, where its folder is another one now: what is there is not known.
        """
        if not self._dropped:
            return None
        entry = self._dropped.pop(0)
        if entry.time > self._next_kept:
            self._next_kept += self._interval
            return None
        return entry.path if _identify(entry.path) == entry.folder else None


def absolute(path: str) -> str:
    """Gives a path from the root; dots stay, for they may follow a link."""
    return path if os.path.isabs(path) else os.path.join(os.getcwd(), path)


def _locate(prefix: str, saved: float) -> _Entry:
    path = absolute(prefix)
    return _Entry(prefix, saved, path, _identify(path))


def _identify(path: str) -> tuple[int, int] | None:
    """What a path's folder is, whatever it is called; None where it is gone."""
    try:
        found = os.stat(os.path.dirname(path))
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _others(entries: Iterable[_Entry], new: _Entry) -> list[_Entry]:
    """All but those that are this checkpoint, however they spell it.

    An old entry that was saved over must never be removed for its other spelling.
    """
    return [entry for entry in entries if not _is_same(entry, new)]


def _is_same(entry: _Entry, other: _Entry) -> bool:
    is_one_name = os.path.basename(entry.path) == os.path.basename(other.path)
    return is_one_name and entry.folder == other.folder
