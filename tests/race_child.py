"""What `test_races.py` runs: a saver, and readers that look while it saves.

Every tensor of a checkpoint has the same value, and every checkpoint another.
"""

from __future__ import annotations

import pickle
import sys
import time
import warnings
from pathlib import Path

import numpy as np

import fastckpt

NAMES = [f"t{number}" for number in range(12)]
# How long a reader waits for its first values, in seconds.
PATIENCE = 100.0


def save(prefix: Path, seconds: float, *, is_one_shard: bool) -> None:
    """Saves over and over, with one number of shards or several."""
    end = time.monotonic() + seconds
    value = 0
    while time.monotonic() < end:
        value += 1
        shards = 1 if is_one_shard else 1 + value % 3
        tensors = {name: np.full(50, value) for name in NAMES}
        fastckpt.save(prefix, tensors, shards=shards, fsync=False)


def read(prefix: Path, seconds: float, how: str) -> None:
    """Reads over and over; prints how often it got values, and was told to reopen.

    On a busy machine none may be got for long: it goes on until some were.
    """
    begin = time.monotonic()
    end, last = begin + seconds, begin + PATIENCE
    seen: set[int] = set()
    count = 0
    retold = 0
    while (now := time.monotonic()) < end or (not count and now < last):
        try:
            values = _values(prefix, how)
        except (fastckpt.CorruptionError, OSError) as error:
            _check_is_told_clearly(error)
            retold += 1
            continue
        assert len(values) == 1, f"a mixture: {values}"
        seen |= values
        count += 1
    assert count, (count, retold)
    print(count, retold, len(seen))


def _check_is_told_clearly(error: Exception) -> None:
    if isinstance(error, FileNotFoundError):
        raise error
    assert "replaced" in str(error) or "each of the 4 times" in str(error), error


def _values(prefix: Path, how: str) -> set[int]:
    io = "read" if how == "read" else "mmap"
    with fastckpt.open(prefix, verify=False, io=io) as ckpt:
        opened = pickle.loads(pickle.dumps(ckpt)) if how == "pickle" else ckpt
        with opened:
            return {int(value) for name in NAMES for value in opened[name][[0, -1]]}


if __name__ == "__main__":
    warnings.simplefilter("ignore", RuntimeWarning)
    role, prefix, seconds, how = sys.argv[1:]
    if role == "save":
        save(Path(prefix), float(seconds), is_one_shard=how == "one")
    else:
        read(Path(prefix), float(seconds), how)
