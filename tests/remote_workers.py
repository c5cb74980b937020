"""Reads a checkpoint behind a URL from processes, threads and loops of all kinds.

`python remote_workers.py URL` does so, and prints what it did; anything wrong ends it.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import fastckpt


def total(checkpoint) -> float:
    """What all values of a checkpoint add up to, and those of one of its rows."""
    values = sum(float(array.sum()) for array in checkpoint.load().values())
    return values + float(checkpoint.read("rows", [3]).sum())


def total_of_handle(handle) -> float:
    """The same of a handle that was sent here."""
    return float(handle[:].sum())


def read_in_threads(checkpoint, wanted: float) -> None:
    """Many threads at once."""
    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(total, [checkpoint] * 12)) == [wanted] * 12


def read_after_forks(checkpoint, wanted: float) -> None:
    """Children that are forked while other threads fetch."""
    is_done = threading.Event()

    def fetch() -> None:
        while not is_done.is_set():
            assert total(checkpoint) == wanted

    threads = [threading.Thread(target=fetch) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(6):
            child = os.fork()
            if child == 0:
                signal.alarm(60)
                os._exit(0 if total(checkpoint) == wanted else 1)
            assert os.waitpid(child, 0)[1] == 0
    finally:
        is_done.set()
        for thread in threads:
            thread.join()


def read_in_workers(checkpoint, wanted: float) -> None:
    """Workers that are spawned, which get it pickled."""
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        assert pool.map(total, [checkpoint] * 2) == [wanted] * 2
        handle = checkpoint.tensor("rows")
        assert pool.map(total_of_handle, [handle]) == [total_of_handle(handle)]


def read_in_a_loop(checkpoint, wanted: float) -> None:
    """A coroutine, whose own loop waits meanwhile."""

    async def read() -> float:
        return total(checkpoint)

    assert asyncio.run(read()) == wanted


def interrupt(checkpoint, wanted: float) -> None:
    """Ctrl-C in the middle ends the call, and the next one is right."""
    timer = threading.Timer(0.02, lambda: signal.raise_signal(signal.SIGINT))
    timer.start()
    try:
        while True:
            total(checkpoint)
    except KeyboardInterrupt:
        timer.join()
    assert total(checkpoint) == wanted


def main(url: str) -> None:
    """Does all of it."""
    with fastckpt.open(url) as checkpoint:
        wanted = total(checkpoint)
        for work in (
            read_in_threads,
            read_after_forks,
            read_in_workers,
            read_in_a_loop,
            interrupt,
        ):
            work(checkpoint, wanted)
            print(work.__name__, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
