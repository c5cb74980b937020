"""Which checkpoints a saver keeps, by TensorFlow's rule.

The newest few are kept. Of what falls out of their list, one is kept for ever each
time the hours have passed; the rest is to be removed, one at each save.

Source: tensorflow/python/training/saver.py, `_RecordLastCheckpoint` and
`_MaybeDeleteOldCheckpoints`.
"""

from __future__ import annotations

import operator
import os
import time
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

__all__ = ["Retention", "absolute", "count_to_keep", "hours_between"]


class _Entry(NamedTuple):
    """A checkpoint: its prefix as it was spelled, when it was saved, and where.

    The same spelling may lead elsewhere later, after a change of the working folder,
    of a link, or where a folder was moved: to a checkpoint that somebody else saved.
    So may the same path, where another saver has saved over it: its file is another.
    """

    prefix: str
    time: float
    path: str
    folder: tuple[int, int] | None
    file: tuple[int, int] | None
    is_adopted: bool = False


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
        with np.errstate(over="ignore"):  # infinitely many are never over
            self._interval = float(np.float32(keep_every_n_hours)) * 3600
        self._next_kept = time.time() + self._interval
        self._newest: _Entry | None = None

    @property
    def prefixes(self) -> list[str]:
        """The kept prefixes, oldest first."""
        return [entry.prefix for entry in self._kept]

    def adopt(self, dated: Iterable[tuple[str, float]]) -> None:
        """Sets the list: prefixes and the times of their saves, oldest first.

        Of several spellings of one checkpoint the last counts.
        """
        found = (_locate(prefix, saved, is_adopted=True) for prefix, saved in dated)
        kept: dict[object, _Entry] = {}
        for entry in found:
            kept.pop(_key(entry), None)
            kept[_key(entry)] = entry
        self._kept = list(kept.values())

    def record(self, prefix: str) -> None:
        """Notes that a checkpoint was saved, now."""
        if not self._max_to_keep:
            return
        entry = self._newest = _locate(prefix, time.time())
        self._kept = [*_others(self._kept, entry), entry]
        self._dropped = _others(self._dropped, entry)
        if len(self._kept) > self._max_to_keep:
            self._dropped.append(self._kept.pop(0))

    def renew(self, prefix: str) -> None:
        """Notes that a checkpoint that may be kept was saved over, by its own saver."""
        new = _locate(prefix, 0)
        for entries in (self._kept, self._dropped):
            entries[:] = [
                entry._replace(file=new.file) if _is_same(entry, new) else entry
                for entry in entries
            ]

    def take_removal(self) -> str | None:
        """Gives the path of the next checkpoint to remove, None where none is due.

        None, too, where what has its name may be somebody else's: where its folder
        or its file is another one now, and where it was taken over and a copy of it
        lies where the newest was saved: state files that hold absolute paths are
        copied along with a folder, and in the original its own run may go on.
        """
        if not self._dropped:
            return None
        entry = self._dropped.pop(0)
        if entry.time > self._next_kept:
            self._next_kept += self._interval
            return None
        return entry.path if self._is_own(entry) else None

    def _is_own(self, entry: _Entry) -> bool:
        if _identify(os.path.dirname(entry.path)) != entry.folder:
            return False
        file = _identify_file(entry.path)
        if None not in (file, entry.file) and file != entry.file:
            return False
        return not (entry.is_adopted and self._is_original(entry))

    def _is_original(self, entry: _Entry) -> bool:
        """Tells whether a copy lies where the newest is, and this one elsewhere."""
        newest = self._newest
        if newest is None or newest.folder == entry.folder:
            return False
        folder, base = os.path.dirname(newest.path), os.path.basename(entry.path)
        return _identify_file(os.path.join(folder, base)) is not None


def count_to_keep(max_to_keep: int | None) -> int:
    """Gives how many checkpoints are kept; 0 where all are.

    Raises:
        TypeError: It is no integer.
        ValueError: It is negative.
    """
    if max_to_keep is None:
        return 0
    if isinstance(max_to_keep, bool | np.bool_) or not hasattr(
        max_to_keep, "__index__"
    ):
        raise TypeError(f"max_to_keep must be an int or None, not {max_to_keep!r}")
    count = operator.index(max_to_keep)
    if count < 0:
        raise ValueError(f"max_to_keep must be at least 0, not {count}")
    return count


def hours_between(keep_checkpoint_every_n_hours: float) -> float:
    """Gives the hours; infinitely many keep none for ever.

    Raises:
        TypeError: They are no number.
        ValueError: They are negative or NaN.
    """
    given = keep_checkpoint_every_n_hours
    what = "keep_checkpoint_every_n_hours"
    if isinstance(given, bool | np.bool_ | str | bytes) or not hasattr(
        given, "__float__"
    ):
        raise TypeError(f"{what} must be a number, not {given!r}")
    hours = float(given)
    if not hours >= 0:  # a NaN is neither
        raise ValueError(f"{what} must be at least 0, not {hours}")
    return hours


def absolute(path: str) -> str:
    """Gives a path from the root; dots stay, for they may follow a link."""
    return path if os.path.isabs(path) else os.path.join(os.getcwd(), path)


def _locate(prefix: str, saved: float, *, is_adopted: bool = False) -> _Entry:
    path = absolute(prefix)
    folder, file = _identify(os.path.dirname(path)), _identify_file(path)
    return _Entry(prefix, saved, path, folder, file, is_adopted)


def _identify(path: str) -> tuple[int, int] | None:
    """What a file or folder is, whatever it is called; None where it is gone."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _identify_file(path: str) -> tuple[int, int] | None:
    """What an index, or a V1 file, is; None where there is none."""
    return _identify(f"{path}.index") or _identify(path)


def _key(entry: _Entry) -> object:
    folder = entry.folder or os.path.dirname(entry.path)
    return folder, os.path.basename(entry.path)


def _others(entries: Iterable[_Entry], new: _Entry) -> list[_Entry]:
    """All but those that are this checkpoint, however they spell it.

    An old entry that was saved over must never be removed for its other spelling.
    """
    return [entry for entry in entries if not _is_same(entry, new)]


def _is_same(entry: _Entry, other: _Entry) -> bool:
    is_one_name = os.path.basename(entry.path) == os.path.basename(other.path)
    return is_one_name and entry.folder == other.folder
