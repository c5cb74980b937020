"""What `test_slow_flushes.py` runs with `faults.c` preloaded: a save whose flushes
last until all savers are at theirs.
"""

from __future__ import annotations

import ctypes
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

import fastckpt

FLUSH = 3
# A flush ends then, come who may: what waits for it shall fail, not hang.
SECONDS = 30

_calls = ctypes.CDLL(None)
_Hook = ctypes.CFUNCTYPE(None)
_kept: list[object] = []


def before_flush(ending: str, call: Callable[[], None]) -> None:
    """Has a function called once, before a file is flushed whose path ends so."""
    hook = _Hook(call)
    _kept.append(hook)
    _calls.fault_before(FLUSH, ending.encode(), hook)


class Record:
    """A file to which all savers write what they do, line by line."""

    def __init__(self, path: Path, name: str, count: int) -> None:
        self.path, self.name, self.count = path, name, count

    def tell(self, event: str) -> None:
        with self.path.open("a") as file:
            file.write(f"{event} {self.name}\n")

    def wait_for_all(self, event: str) -> None:
        """Begins what all savers are to be at together, and waits for them."""
        self.tell(f"begin {event}")
        end = time.monotonic() + SECONDS
        while self.path.read_text().count(f"begin {event} ") < self.count:
            if time.monotonic() > end:
                break
            time.sleep(0.01)
        self.tell(f"end {event}")


def main(folder: Path, name: str, count: int, record: Path) -> None:
    """Saves under a name of its own, over a checkpoint that is there."""
    events = Record(record, name, count)

    def at_data() -> None:
        before_flush(f"/{folder.name}", lambda: events.wait_for_all("folder"))
        events.wait_for_all("data")

    before_flush(".tmp", at_data)
    fastckpt.save(folder / name, {"w": np.full(100, int(name[1:]))}, threads=1)


if __name__ == "__main__":
    warnings.simplefilter("error")
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), Path(sys.argv[4]))
