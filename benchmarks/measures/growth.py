"""How cost grows, each size in a process of its own.

Against the number of tensors (10^2 to 10^6) and against bytes (2^20 and up), time and
memory. The checkpoints are written by fastckpt, whose files are TensorFlow's byte for
byte, because TensorFlow needs minutes for a million tensors.
`python -m benchmarks.measures.growth FOLDER AXIS SIZE WHO` measures one size.
"""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks.data import digest, models
from benchmarks.machine.children import run_program

__all__ = ["fit", "measure"]

_REPEATS = 5
_ENOUGH = 4.0
"""Seconds after which two repeats are enough."""
_MEMORY_NOISE = 1 << 20
"""Bytes by which a process grows for other reasons: it first uses what it freed."""


def _resident() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096


def _write(folder: Path, name: str, shapes: models.Shapes) -> str:
    """Writes a checkpoint once; gives its prefix."""
    import fastckpt

    prefix = folder / name
    if not Path(f"{prefix}.index").exists():
        folder.mkdir(exist_ok=True)
        whole = np.arange(max(int(np.prod(s)) for s in shapes.values()), dtype=np.int32)
        tensors = {
            name: whole[: int(np.prod(shape))].reshape(shape)
            for name, shape in shapes.items()
        }
        fastckpt.save(prefix, tensors)
    return str(prefix)


def _time(work: Callable[[], Any]) -> tuple[float, int]:
    """Gives the median time, and the growth of memory by the first run's result."""
    before = _resident()
    kept = work()
    grew = _resident() - before
    del kept
    seconds: list[float] = []
    while len(seconds) < _REPEATS and (len(seconds) < 2 or sum(seconds) < _ENOUGH):
        begin = perf_counter()
        result = work()
        seconds.append(perf_counter() - begin)
        del result
    return statistics.median(seconds), grew


def _tensors(folder: Path, count: int, who: str) -> dict[str, Any]:
    prefix = _write(folder, f"tensors-{count}", models.small(count))
    works: dict[str, Callable[[], Any]]
    if who == "TensorFlow":
        import tensorflow as tf

        works = {
            "open": lambda: tf.train.load_checkpoint(prefix),
            "list": lambda: tf.train.list_variables(prefix),
        }
        found = len(tf.train.list_variables(prefix))
    else:
        import fastckpt

        works = {
            "open": lambda: fastckpt.open(prefix),
            "list": lambda: [
                (info.name, info.shape) for info in fastckpt.open(prefix).infos()
            ],
            "load": lambda: fastckpt.open(prefix).load(),
        }
        found = len(fastckpt.open(prefix))
    assert found == count, (found, count)
    return {name: _time(work) for name, work in works.items()}


def _bytes(folder: Path, nbytes: int, who: str) -> dict[str, Any]:
    shapes = {f"layer{i:02d}/kernel": (nbytes // 64,) for i in range(16)}
    prefix = _write(folder, f"bytes-{nbytes}", shapes)
    works: dict[str, Callable[[], Any]]
    if who == "TensorFlow":
        import tensorflow as tf

        reader = tf.train.load_checkpoint(prefix)
        works = {"load": lambda: [reader.get_tensor(name) for name in shapes]}
        right = dict(zip(shapes, works["load"](), strict=True))
    else:
        import fastckpt

        works = {
            "load": lambda: fastckpt.open(prefix).load(),
            "load, copy": lambda: fastckpt.open(prefix).load(copy=True),
        }
        right = works["load"]()
    expected = np.arange(nbytes // 64, dtype=np.int32)
    of_one = digest.of_arrays({"one": expected})
    assert all(digest.of_arrays({"one": array}) == of_one for array in right.values())
    del right
    return {name: _time(work) for name, work in works.items()}


def fit(points: list[tuple[float, float]], least: float) -> dict[str, float]:
    """Fits cost = fixed + slope * size, relative errors weighing the same.

    Costs below `least` are noise: they weigh no more than that one.
    """
    sizes, costs = (np.array(column) for column in zip(*points, strict=True))
    weights = 1 / np.maximum(costs, least)
    slope, fixed = np.polyfit(sizes, costs, 1, w=weights)
    errors = np.abs(fixed + slope * sizes - costs) * weights
    # The exponent of cost ~ size^p between the two largest sizes.
    before, last = np.log(np.maximum(costs[-2:], least))
    exponent = (last - before) / np.log(sizes[-1] / sizes[-2])
    return {
        "fixed": float(fixed),
        "slope": float(slope),
        "largest error": float(errors.max()),
        "exponent": float(exponent),
    }


def measure(
    folder: Path, counts: list[int], sizes: list[int], log: Callable[[str], None]
) -> list[dict[str, Any]]:
    """Measures all sizes, each in a process of its own; gives curves with fits."""
    curves: dict[tuple[str, str, str], list[tuple[int, float, int]]] = {}
    for axis, steps in (("tensors", counts), ("bytes", sizes)):
        for size in steps:
            log(f"growth: {size} {axis}")
            for who in ("fastckpt", "TensorFlow"):
                for work, (seconds, grew) in run_program(
                    "measures.growth", str(folder), axis, str(size), who
                ).items():
                    curve = curves.setdefault((axis, who, work), [])
                    curve.append((size, seconds, grew))
    return [
        {
            "axis": axis,
            "who": who,
            "work": work,
            "points": points,
            "seconds": fit([(size, seconds) for size, seconds, _ in points], 1e-6),
            "memory": fit([(size, grew) for size, _, grew in points], _MEMORY_NOISE),
        }
        for (axis, who, work), points in curves.items()
        if len(points) > 1
    ]


if __name__ == "__main__":
    _folder, _axis, _size, _who = sys.argv[1:]
    _measure = _tensors if _axis == "tensors" else _bytes
    print(json.dumps(_measure(Path(_folder), int(_size), _who)))
