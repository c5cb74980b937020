"""How the page cache holds a file: `python -m benchmarks.mine.folios FOLDER`.

A page cache that read a file in order may hold it in large folios, many pages that one
fault maps; one that got it page by page cannot. What the file gains by being read anew
is measured, not guessed: its loads, and the faults of each, before and after.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from functools import cache
from pathlib import Path
from time import perf_counter

from benchmarks.data.folder import Data
from benchmarks.machine.children import run_program
from benchmarks.machine.residency import drop_from_cache
from benchmarks.rows.row import Context, Measured

__all__ = ["AS_FOUND", "AS_LEFT", "READ_ANEW", "faults", "measure"]

AS_FOUND, READ_ANEW = "as found", "read anew in order"
AS_LEFT = "as the first load left it"
_LOADS = 9
_PIECE = 8 << 20


def _load(path: str) -> tuple[float, int]:
    """Gives the seconds and the faults of a load."""
    import fastckpt

    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    begin = perf_counter()
    arrays = fastckpt.open(path).load()
    seconds = perf_counter() - begin
    faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
    del arrays
    return seconds, faults


def _read_in_order(path: str) -> None:
    """Reads a file from its beginning to its end, and forgets the bytes."""
    buffer = bytearray(_PIECE)
    with open(path, "rb", buffering=0) as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_SEQUENTIAL)
        while file.readinto(buffer):
            pass


def _loads(path: str) -> tuple[list[float], list[int]]:
    _load(path)
    seconds, faults = zip(*(_load(path) for _ in range(_LOADS)), strict=True)
    return list(seconds), list(faults)


def _measure(data: Data) -> dict[str, dict[str, list[float]]]:
    """Gives seconds and faults of the file as the page cache holds it: as it was found
    there, or else as the load that checked it has left it; and as it is read anew."""
    entry = data.entry("mine")
    found: dict[str, dict[str, list[float]]] = {}

    def note(label: str) -> None:
        seconds, faults = _loads(entry["path"])
        found[label] = {"seconds": seconds, "faults": [float(f) for f in faults]}

    note(AS_FOUND if entry["was cached"] else AS_LEFT)
    if sum(drop_from_cache(file) for file in entry["files"]) == 0:
        for file in entry["files"]:
            _read_in_order(file)
        note(READ_ANEW)
    return found


@cache
def _found(folder: Path) -> dict[str, dict[str, list[float]]]:
    return run_program("mine.folios", str(folder))


def _of(context: Context, what: str) -> Measured:
    found = _found(context.data.folder)
    samples = {label: of[what] for label, of in found.items()}
    missing = {}
    if READ_ANEW not in found:
        missing[READ_ANEW] = "this file system does not let go of its pages"
    return Measured(samples, missing=missing)


def measure(context: Context) -> Measured:
    """Takes the seconds of loads."""
    return _of(context, "seconds")


def faults(context: Context) -> Measured:
    """Takes the page faults of the same loads."""
    return _of(context, "faults")


if __name__ == "__main__":
    print(json.dumps(_measure(Data(Path(sys.argv[1])))))
