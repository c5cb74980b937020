"""Instructions for opening and listing: `python -m benchmarks.ledger [--write]`.

Counted by `valgrind --tool=callgrind`: a program that works three times, less
one that does it once, halved: the start of the interpreter drops out. Valgrind knows no
AVX-512: checksums take the SSE4.2 routine there.
"""

from __future__ import annotations

import json
import platform
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import fastckpt
from benchmarks import machine, models
from benchmarks.data import ROOT, child_environment

__all__ = ["count"]

_LEDGER = ROOT / "benchmarks" / "ledger.json"
_TENSORS = 10_000
_WORKS = {
    "open": "fastckpt.open(path)",
    "names": "list(opened)",
    "names, dtypes, shapes": "[(i.name, i.dtype, i.shape) for i in opened.infos()]",
    "a view of each by name": "[unchecked[name] for name in names]",
    "load, unchecked": "unchecked.load()",
    "load, checked": "fastckpt.open(path).load(threads=1)",
    "load, copied": "opened.load(copy=True, threads=1)",
}
_PROGRAM = """
import gc, sys
import fastckpt
gc.disable()
path = sys.argv[1]
opened = fastckpt.open(path)
unchecked = fastckpt.open(path, verify=False)
names = list(opened)
def work():
    return {work}
work()
for _ in range(int(sys.argv[2])):
    work()
"""


def _instructions(work: str, path: str, times: int) -> int:
    """Gives the instructions of a whole process."""
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    program = _PROGRAM.format(work=work)
    done = subprocess.run(
        [*command, sys.executable, "-c", program, path, str(times)],
        check=True,
        cwd=ROOT,
        env=child_environment() | {"PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    found = re.search(r"Collected : (\d+)", done.stderr)
    assert found, done.stderr[-2000:]
    return int(found[1])


def count(works: dict[str, str], folder: Path) -> dict[str, float]:
    """Gives {work: instructions per tensor}."""
    path = str(folder / "small")
    shapes = models.small(_TENSORS)
    fastckpt.save(
        path, {name: np.ones(shape, np.float32) for name, shape in shapes.items()}
    )
    counts = {}
    for name, work in works.items():
        more = _instructions(work, path, 3) - _instructions(work, path, 1)
        counts[name] = round(more / 2 / _TENSORS, 1)
        print(f"{name}: {counts[name]}", file=sys.stderr, flush=True)
    return counts


def _compare(old: dict[str, float], new: dict[str, float]) -> str:
    lines = [f"{'instructions per tensor':26} {'ledger':>9} {'now':>9}"]
    for name, value in new.items():
        before = old.get(name)
        change = f"{100 * (value / before - 1):+8.1f} %" if before else "new"
        lines.append(f"{name:26} {before or 0:9.1f} {value:9.1f} {change}")
    return "\n".join(lines)


def main() -> None:
    machine.refuse_debug_build()
    ledger: dict[str, Any] = {}
    if _LEDGER.exists():
        ledger = json.loads(_LEDGER.read_text())
    with tempfile.TemporaryDirectory() as folder:
        counts = count(_WORKS, Path(folder))
    print(_compare(ledger.get("instructions per tensor", {}), counts))
    if "--write" in sys.argv[1:]:
        ledger = {
            "tensors": _TENSORS,
            "python": platform.python_version(),
            "numpy": np.__version__,
            "machine": platform.machine(),
            "instructions per tensor": counts,
        }
        _LEDGER.write_text(json.dumps(ledger, indent=2) + "\n")


if __name__ == "__main__":
    main()
