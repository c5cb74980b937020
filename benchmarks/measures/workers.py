"""Four workers that load every tensor.

`python -m benchmarks.measures.workers MODE FOLDER` measures them once.
MODE is fork, spawn (of a checkpoint that the parent opened) or TensorFlow (spawned, it
does not survive a fork). The clock runs from the moment when all workers stand ready,
their library imported, until the last one has summed every tensor. Then, while all of
them hold all tensors, each looks how much memory is its own.
"""

from __future__ import annotations

import json
import multiprocessing
import sys
from collections.abc import Mapping
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks.data.folder import Data

_COUNT = 4


def _memory() -> dict[str, int]:
    """Gives the bytes of this process: its share (Pss), and what is its alone."""
    sizes = {"Pss": 0, "private": 0}
    with open("/proc/self/smaps_rollup") as rollup:
        for line in rollup:
            field, _, rest = line.partition(":")
            if field == "Pss":
                sizes["Pss"] += int(rest.split()[0]) * 1024
            elif field.startswith("Private_") and "Hugetlb" not in field:
                sizes["private"] += int(rest.split()[0]) * 1024
    return sizes


def _tensorflow_load(prefix: str) -> Mapping[str, np.ndarray]:
    import tensorflow as tf

    reader = tf.train.load_checkpoint(prefix)
    return {
        name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()
    }


def _work(source: Any, barrier: Barrier, pipe: Connection) -> None:
    if isinstance(source, str):
        import tensorflow

        assert tensorflow.__version__
    before = _memory()
    barrier.wait()
    barrier.wait()
    arrays = _tensorflow_load(source) if isinstance(source, str) else source.load()
    total = sum(
        int(array.reshape(-1).view(np.uint32).sum(dtype=np.uint64))
        for array in arrays.values()
    )
    pipe.send(total % 2**64)
    barrier.wait()
    after = _memory()
    pipe.send({label: after[label] - before[label] for label in after})
    barrier.wait()


def _expected(data: Data) -> int:
    file = np.fromfile(data.file("bert"), np.uint32)
    return int(file.sum(dtype=np.uint64))


def _run(mode: str, data: Data) -> dict[str, float]:
    source: Any = data.prefix("bert")
    if mode != "TensorFlow":
        import fastckpt

        source = fastckpt.open(source)
    processes = multiprocessing.get_context("fork" if mode == "fork" else "spawn")
    barrier = processes.Barrier(_COUNT + 1)
    pipes, started = [], []
    for _ in range(_COUNT):
        here, there = processes.Pipe()
        pipes.append(here)
        started.append(processes.Process(target=_work, args=(source, barrier, there)))
    for process in started:
        process.start()
    barrier.wait()
    begin = perf_counter()
    barrier.wait()
    sums = [pipe.recv() for pipe in pipes]
    seconds = perf_counter() - begin
    if set(sums) != {_expected(data)}:
        raise SystemExit(f"{mode}: wrong sums: {sums}")
    barrier.wait()
    memory = [pipe.recv() for pipe in pipes]
    barrier.wait()
    for process in started:
        process.join()
    nbytes = data.entry("bert")["nbytes"]
    return {
        "seconds": seconds,
        "Pss / data": sum(each["Pss"] for each in memory) / nbytes,
        "private / data": sum(each["private"] for each in memory) / nbytes,
    }


if __name__ == "__main__":
    print(json.dumps(_run(sys.argv[1], Data(Path(sys.argv[2])))))
