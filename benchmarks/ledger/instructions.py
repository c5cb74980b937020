"""Counts instructions, where no counter of the CPU can be had: two ways.

Paths that pass through Python run once under `valgrind --tool=callgrind`. Its processor
is the same everywhere, so the counts are too; it knows no AVX-512, and CRC32C takes the
SSE4.2 kernel there. Inner routines are stepped through one instruction after another
(`floor/steps.cc`): every kernel that this CPU has is counted.
"""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine.children import child_environment
from benchmarks.machine.tree import ROOT
from fastckpt import _native

__all__ = ["compiler_of", "fewest", "of_paths", "of_routines", "totals"]

_TENSORS = 1000
_ROWS = 200
_TIMES = 3
# What glibc's malloc does with chunks beyond its thread cache depends on where they
# lie, by up to 5 % of a path: the cache takes them all.
_MALLOC = "glibc.malloc.tcache_count=65535:glibc.malloc.tcache_max=1032"

# {name: (how many items one call handles, the call)}
_WORKS = {
    "open": (_TENSORS, "fastckpt.open(path)"),
    "list names": (_TENSORS, "list(opened)"),
    "list names, dtypes, shapes": (
        _TENSORS,
        "[(i.name, i.dtype, i.shape) for i in opened.infos()]",
    ),
    "views by name": (_TENSORS, "[unchecked[name] for name in names]"),
    "views by load()": (_TENSORS, "unchecked.load()"),
    "load, checked": (_TENSORS, "fastckpt.open(path).load(threads=1)"),
    "load, copied": (_TENSORS, "opened.load(copy=True, threads=1)"),
    "rows": (_ROWS, f"[opened.read(name, rows) for name in names[:{_ROWS}]]"),
    "save": (_TENSORS, "fastckpt.save(out, arrays, fsync=False, threads=1)"),
}
# A call of getppid, which nobody else makes, ends a part of callgrind's counts.
_PROGRAM = """
import gc, os, sys
import numpy as np
import fastckpt
os.chdir(sys.argv[1])
path, out = "small", "out"
arrays = {f"model/table_{i // 100:05d}/slot_{i % 100:02d}/weights":
          np.ones((1 + i % 16, 4), np.float32) for i in range(TENSORS)}
fastckpt.save(path, arrays, fsync=False, threads=1)
opened = fastckpt.open(path)
unchecked = fastckpt.open(path, verify=False)
names = list(opened)
rows = np.s_[0:1]
gc.disable()
for work in WORKS:
    call = eval(f"lambda: {work}")
    call()
    os.getppid()
    for _ in range(TIMES):
        call()
        os.getppid()
"""


def compiler_of(file: Path) -> str:
    """Gives what compiled a program or a module, as it says itself."""
    found = re.findall(
        rb"GCC: \([^)]*\) [\d.]+|clang version [\d.]+", file.read_bytes()
    )
    return ", ".join(sorted({text.decode() for text in found})) or "unknown"


def totals(folder: Path) -> list[int]:
    """Gives the instructions of callgrind's parts, in order."""
    parts = sorted(folder.glob("part.*"), key=lambda file: int(file.suffix[1:]))
    counts = []
    for part in parts:
        found = re.search(r"^(?:totals|summary): (\d+)", part.read_text(), re.MULTILINE)
        counts.append(int(found[1]) if found else 0)
    return counts


def fewest(parts: list[int], work: int) -> int:
    """Gives the fewest instructions of the calls of a work."""
    # Before the calls of each work lies what was done until the first of them.
    first = work * (_TIMES + 1) + 1
    return min(parts[first : first + _TIMES])


def _run_callgrind(folder: Path) -> list[int]:
    works = [work for _, work in _WORKS.values()]
    constants = f"TENSORS, TIMES, WORKS = {_TENSORS}, {_TIMES}, {works!r}\n"
    command = [
        "valgrind", "--tool=callgrind", "--dump-before=getppid", "--dump-line=no",
        f"--callgrind-out-file={folder / 'part'}",
        sys.executable, "-c", constants + _PROGRAM, folder,
    ]  # fmt: skip
    done = subprocess.run(
        command,
        check=False,
        cwd=ROOT,
        env=child_environment()
        | {
            "PYTHONHASHSEED": "0",
            "OPENBLAS_NUM_THREADS": "1",
            "GLIBC_TUNABLES": _MALLOC,
        },
        stdout=sys.stderr,
        stderr=subprocess.PIPE,
        text=True,
    )
    if done.returncode != 0:
        raise SystemExit(done.stderr[-2000:])
    return totals(folder)


def of_paths(folder: Path) -> dict[str, Any]:
    """Counts paths from Python, per tensor; a section of the ledger."""
    if shutil.which("valgrind") is None:
        return {"missing": "valgrind is not installed"}
    parts = _run_callgrind(folder)
    conditions = {
        "python": platform.python_version(),
        "NumPy": np.__version__,
        "compiler": compiler_of(Path(_native.__file__)),
        "C library": " ".join(platform.libc_ver()),
        "machine": platform.machine(),
    }
    counts = {
        name: round(fewest(parts, i) / items, 1)
        for i, (name, (items, _)) in enumerate(_WORKS.items())
    }
    return {"conditions": conditions, "counts": counts}


def of_routines(program: Path) -> dict[str, Any]:
    """Counts CRC32C's kernels and the Snappy decoder; a section of the ledger."""
    done = subprocess.run(
        [program], check=False, stdout=subprocess.PIPE, text=True, timeout=120
    )
    if done.returncode != 0:
        return {"missing": "the system lets no process step through another (ptrace)"}
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    return {
        "conditions": {
            "compiler": compiler_of(program),
            "machine": platform.machine(),
        },
        "counts": {name: int(count) for name, count in lines},
    }
