"""What the workers of pools do, in a module that spawned processes can import.

`python workers.py fork FOLDER` is a program of its own: it forks while another thread
is in the middle of a check.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np

import fastckpt

# Digests of tensors, by name.
Digests = dict[str, str]


def digests(ckpt: fastckpt.Checkpoint) -> Digests:
    """Reads every tensor through every way; gives their digests."""
    found = {}
    for name in ckpt:
        found[name] = _digest(ckpt[name])
        assert _digest(ckpt.read(name)) == found[name]
    return found


def _digest(value: np.ndarray) -> str:
    raw = b"|".join(value.ravel()) if value.dtype == object else value.tobytes()
    return hashlib.sha256(raw).hexdigest()


def memory_of(path: str) -> dict[str, int]:
    """Gives how many bytes of this process map a file: `Pss` and private ones."""
    total = {"pss": 0, "private": 0}
    inside = False
    with open("/proc/self/smaps") as smaps:
        for line in smaps:
            first, *rest = line.split()
            if "-" in first and not first.endswith(":"):
                inside = line.rstrip().endswith(path)
            elif inside and first == "Pss:":
                total["pss"] += int(rest[0]) * 1024
            elif inside and first in ("Private_Clean:", "Private_Dirty:"):
                total["private"] += int(rest[0]) * 1024
    return total


def whole_memory() -> dict[str, int]:
    """Gives the bytes of this process: `Pss` and those that are anonymous."""
    with open("/proc/self/smaps_rollup") as rollup:
        fields = dict(line.split()[:2] for line in rollup.readlines()[1:])
    return {"pss": int(fields["Pss:"]) * 1024, "own": int(fields["Pss_Anon:"]) * 1024}


def measure(ckpt: fastckpt.Checkpoint, data: str, barrier: Any, results: Any) -> None:
    """Reads everything, waits for the other workers, then tells the memory in use.

    What a worker has from its start is left out: only what reading adds counts.
    """
    before = whole_memory()
    arrays = [ckpt[name] for name in ckpt]
    total = sum(int(array.sum()) for array in arrays)
    barrier.wait(timeout=60)
    after = whole_memory()
    added = {kind: after[kind] - before[kind] for kind in after}
    results.put((total, memory_of(data)["pss"], added["own"]))
    barrier.wait(timeout=60)


def _child_reads(ckpt: fastckpt.Checkpoint, expected: Digests) -> int:
    """Forks; gives the exit status of a child that reads everything."""
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if digests(ckpt) == expected else 3)
        except BaseException as error:
            print(repr(error), file=sys.stderr, flush=True)
            os._exit(4)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def fork_in_the_middle(folder: Path, rounds: int = 30) -> None:
    """Forks while a thread opens, checks and loads, and reads in each child."""
    expected = digests(fastckpt.open(folder / "model"))
    for number in range(rounds):
        how = {"io": ("mmap", "read")[number % 2], "threads": 1 + number % 3}
        ckpt = fastckpt.open(folder / "model", **how)
        started = threading.Event()

        def check(ckpt=ckpt, started=started) -> None:
            started.set()
            ckpt.load()
            ckpt.load(copy=True)
            ckpt.verify()

        thread = threading.Thread(target=check)
        thread.start()
        started.wait()
        status = _child_reads(ckpt, expected)
        thread.join()
        assert status == 0, f"round {number}: the child ended with {status}"
        assert digests(ckpt) == expected


def start(method: str, target: Any, *arguments: Any) -> Any:
    """Starts a worker process."""
    context = multiprocessing.get_context(method)
    process = context.Process(target=target, args=arguments)
    process.start()
    return process


if __name__ == "__main__":
    fork_in_the_middle(Path(sys.argv[2]))
