"""A Python thread that counts beside a load: `... beside FOLDER FLOOR-COMMAND...`.

The load takes one CPU less than there are, so that both have one. What slows the
counter is waiting for the interpreter lock, which its share of CPU time shows, and
the machine: how it does beside the floor program, another process, shows that.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from statistics import median
from threading import Event, Thread
from time import perf_counter, thread_time

import fastckpt
from benchmarks.data import digest
from benchmarks.data.folder import Data
from fastckpt import _native

_SECONDS = 0.5
_TURNS = 7


class _Counter:
    """Counts in a thread until it is stopped."""

    def __init__(self) -> None:
        self.rate = 0.0
        self.cpu_share = 0.0
        self._stop = Event()
        self._thread = Thread(target=self._count)

    def _count(self) -> None:
        count, begin, cpu_begin = 0, perf_counter(), thread_time()
        while not self._stop.is_set():
            for _ in range(1000):
                count += 1
        seconds = perf_counter() - begin
        self.rate = count / seconds
        self.cpu_share = (thread_time() - cpu_begin) / seconds

    def __enter__(self) -> _Counter:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stop.set()
        self._thread.join()


def _loads(prefix: str, threads: int) -> float:
    """Gives the seconds of one load, from as many as fit into the time."""
    count, begin = 0, perf_counter()
    while perf_counter() - begin < _SECONDS:
        fastckpt.open(prefix).load(threads=threads)
        count += 1
    return (perf_counter() - begin) / count


def _beside_floor(command: list[str], threads: int) -> _Counter:
    """Counts while another process does the work again and again."""
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        process.stdin.write(f"run {threads} map\n" * 1000)
        process.stdin.flush()
        with _Counter() as counter:
            Event().wait(_SECONDS)
        process.kill()
    return counter


def main(data: Data, floor: list[str]) -> dict[str, float]:
    prefix = data.prefix("bert")
    if digest.of_arrays(fastckpt.open(prefix).load()) != data.entry("bert")["digest"]:
        raise SystemExit("fastckpt loaded something else")
    threads = max(1, _native.available_threads() - 1)
    found: dict[str, list[float]] = {}

    def note(what: str, value: float) -> None:
        found.setdefault(what, []).append(value)

    # In turns: a virtual CPU's own speed drifts by a fifth within seconds.
    for _ in range(_TURNS):
        note("load", _loads(prefix, threads))
        with _Counter() as counter:
            Event().wait(_SECONDS)
        note("rate", counter.rate)
        with _Counter() as counter:
            note("load beside", _loads(prefix, threads))
        note("rate beside", counter.rate)
        note("share", counter.cpu_share)
        note("rate beside the floor", _beside_floor(floor, threads).rate)
    middle = {what: median(values) for what, values in found.items()}
    return {
        "rate kept": middle["rate beside"] / middle["rate"],
        "load slowed": middle["load beside"] / middle["load"],
        "the counter's share of a CPU": middle["share"],
        "rate kept beside the floor": middle["rate beside the floor"] / middle["rate"],
    }


if __name__ == "__main__":
    print(json.dumps(main(Data(Path(sys.argv[1])), sys.argv[2:])))
