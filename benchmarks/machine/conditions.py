"""The conditions under which times were taken."""

from __future__ import annotations

import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from benchmarks.machine.tree import ROOT
from fastckpt import _native

__all__ = [
    "conditions",
    "cpu_features",
    "refuse_debug_build",
    "versions_and_machine",
]

_PACKAGES = (
    "numpy", "ml_dtypes", "tensorflow", "safetensors", "google-crc32c", "crc32c",
    "awscrt", "cramjam", "python-snappy", "torch", "jax", "h5py", "zarr",
    "tensorstore", "orbax-checkpoint", "fsspec", "aiohttp",
)  # fmt: skip

# As Linux spells them; the last ones are ARM's.
_FEATURES = (
    "sse4_2", "pclmulqdq", "avx", "avx2", "vpclmulqdq", "avx512f", "avx512bw",
    "avx512vl", "avx512vbmi", "crc32", "pmull", "sve",
)  # fmt: skip


def refuse_debug_build() -> None:
    """Ends the program if the core was built with assertions."""
    if not _native.NDEBUG:
        raise SystemExit("fastckpt is a debug build: its times would tell nothing")


def _first(path: str, prefix: str = "") -> str | None:
    try:
        lines = Path(path).read_text().splitlines()
    except OSError:
        return None
    found = [line for line in lines if line.startswith(prefix)]
    return found[0].removeprefix(prefix).strip(" \t:") if found else None


def cpu_features() -> list[str]:
    """Gives what the CPU has of what checksums and copies may use."""
    flags = (_first("/proc/cpuinfo", "flags") or "").split()
    flags += (_first("/proc/cpuinfo", "Features") or "").split()
    return [name for name in _FEATURES if name in flags]


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.stdout.strip()


def _build_flags(build: Path) -> dict[str, str]:
    """Gives how the floor, and from the same tree the core, was compiled."""
    wanted = ("CMAKE_BUILD_TYPE", "CMAKE_CXX_FLAGS_RELEASE", "CMAKE_CXX_COMPILER")
    flags = {}
    for line in (build / "CMakeCache.txt").read_text().splitlines():
        name, _, value = line.partition("=")
        if name.split(":")[0] in wanted:
            flags[name.split(":")[0]] = value
    return flags


def versions_and_machine() -> dict[str, Any]:
    """Gives what is the same for every file that is measured."""
    import fastckpt

    return {
        "cpu": _first("/proc/cpuinfo", "model name") or platform.processor(),
        "cpus": _native.available_threads(),
        "cpu features": cpu_features(),
        "governor": _first("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        "memory": _first("/proc/meminfo", "MemTotal"),
        "available": _first("/proc/meminfo", "MemAvailable"),
        "huge pages": _first("/sys/kernel/mm/transparent_hugepage/enabled"),
        "kernel": platform.release(),
        "python": sys.version.split()[0],
        "packages": {name: _version(name) for name in _PACKAGES},
        "fastckpt": fastckpt.__version__,
        "commit": _git("rev-parse", "--short", "HEAD"),
        "changed files": len(_git("status", "--short", "cpp", "python").splitlines()),
        "NDEBUG": _native.NDEBUG,
        "crc32c": _native.crc32c_implementation(),
    }


def conditions(prefix: str, build: Path | None) -> dict[str, Any]:
    """Gives the machine, the versions and the state of the page cache.

    Args:
        prefix: A checkpoint: how it is read here is told.
        build: Where the floor was built.
    """
    import fastckpt

    with fastckpt.open(prefix) as checkpoint:
        checkpoint.load()
        cache = str(checkpoint.explain())
    return versions_and_machine() | {
        "flags": _build_flags(build) if build else {},
        "page cache": "warm: every file was read right before, except in row 'cold'",
        "explain": cache,
    }
