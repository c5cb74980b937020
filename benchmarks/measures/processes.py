"""What is measured on whole processes: starting, importing, memory, workers."""

from __future__ import annotations

import random
import subprocess
import sys
from time import perf_counter
from typing import Any

from benchmarks.machine.children import child_environment, run_program
from benchmarks.machine.tree import ROOT
from benchmarks.rows.row import Context, Floor, Samples
from benchmarks.timing.process import WrongBytes, floor_command

__all__ = [
    "beside",
    "import_cost",
    "memory_of_open",
    "new_process",
    "run_workers",
    "workers",
]

_TURNS = 25
"""At least, of what takes a tenth of a second."""

_TENSOR = {
    "fastckpt": """
import fastckpt
array = fastckpt.open({prefix!r})[{name!r}]
""",
    "TensorFlow": """
import tensorflow as tf
array = tf.train.load_variable({prefix!r}, {name!r})
""",
    "safetensors": """
from safetensors import safe_open
with safe_open({safetensors!r}, framework="numpy") as file:
    array = file.get_tensor({name!r})
""",
    "NumPy": """
import numpy as np
array = np.fromfile({file!r}, np.float32, {count}, offset={offset}).reshape({shape})
""",
}
_PROOF = """
import zlib
print(array.dtype, array.shape, zlib.crc32(array))
"""


def _run(script: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        check=True,
        cwd=ROOT,
        env=child_environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    return done.stdout.strip()


def new_process(context: Context) -> Samples:
    """Times interpreter, import, open and read of one tensor, every byte proved."""
    data = context.data
    wanted = data.entry("new_process")
    offset, shape = data.places("bert")[wanted["name"]]
    fill: dict[str, Any] = {
        "prefix": data.prefix("bert"),
        "safetensors": data.safetensors("bert"),
        "file": data.file("bert"),
        "name": wanted["name"],
        "offset": offset,
        "shape": shape,
        "count": shape[0] * shape[1],
    }
    expected = f"float32 {shape} {wanted['crc32']}"
    samples: Samples = {label: [] for label in _TENSOR}
    order = random.Random(1)
    for turn in range(max(context.turns, _TURNS) + 1):
        for label in order.sample(list(_TENSOR), len(_TENSOR)):
            script = _TENSOR[label]
            if label == "TensorFlow" and turn > 4:
                continue
            begin = perf_counter()
            found = _run(script.format(**fill) + _PROOF)
            seconds = perf_counter() - begin
            if found != expected:
                raise WrongBytes(f"{label} printed {found}, not {expected}")
            if turn > 0:  # the first one warms the caches
                samples[label].append(seconds)
    return samples


_IMPORT = """
import sys
from time import perf_counter
import numpy
def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096
before, begin = resident(), perf_counter()
import fastckpt
print(perf_counter() - begin, resident() - before)
"""


def import_cost(context: Context) -> Samples:
    """Takes what `import fastckpt` adds to `import numpy`."""
    seconds, nbytes = [], []
    for _ in range(max(context.turns, _TURNS) + 1):
        took, grew = _run(_IMPORT).split()
        seconds.append(float(took) * 1e3)
        nbytes.append(int(grew) / 1e6)
    return {"milliseconds": seconds[1:], "MB": nbytes[1:]}


_OPEN = """
import sys, fastckpt
fastckpt.open(sys.argv[2])  # all code is in memory
def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096
before = resident()
checkpoint = fastckpt.open(sys.argv[1])
names = list(checkpoint) if len(sys.argv) > 3 else None
print((resident() - before) / len(checkpoint))
"""


def memory_of_open(context: Context) -> Samples:
    """Takes by how many bytes per tensor `open` makes the process grow."""
    prefixes = [context.data.prefix("small"), context.data.prefix("strings")]
    opened, listed = [], []
    for _ in range(3):
        opened.append(float(_run(_OPEN, *prefixes)))
        listed.append(float(_run(_OPEN, *prefixes, "names")))
    return {"open": opened, "open + names": listed}


def run_workers(context: Context, mode: str) -> dict[str, float]:
    """Lets four workers load every tensor; gives the time and shares of memory."""
    return run_program("measures.workers", mode, str(context.data.folder))


def beside(context: Context) -> Samples:
    """Lets a Python thread count beside a load."""
    samples: Samples = {}
    floor = floor_command(context, Floor("check"))
    for _ in range(3):
        numbers = run_program("measures.beside", str(context.data.folder), *floor)
        for label, value in numbers.items():
            samples.setdefault(label, []).append(value)
    return samples


def workers(context: Context) -> Samples:
    """Takes times and shares of memory of forked and spawned workers."""
    samples: Samples = {}
    for _ in range(3):
        for mode in ("fork", "spawn", "TensorFlow"):
            for label, value in run_workers(context, mode).items():
                samples.setdefault(f"{label}, {mode}", []).append(value)
    return samples
