"""Reports as a run and `mine` write them, without a run."""

from __future__ import annotations

from typing import Any

CONDITIONS = {
    "commit": "abc", "data": {"nbytes": 1 << 30}, "cpus": 2, "cpu": "A CPU",
    "memory": "1 kB", "kernel": "6", "huge pages": "never", "fastckpt": "1",
    "cpu features": ["avx512f", "vpclmulqdq"], "crc32c": "avx512-vpclmul",
    "python": "3", "packages": {"numpy": "2"}, "flags": {"type": "Release"},
    "state": {"load": 0.1}, "busy": [],
}  # fmt: skip


def row(name: str, **samples: list[float]) -> dict[str, Any]:
    """A row without goals."""
    return {
        "name": name, "title": f"{name}: a title", "unit": "s", "is_view": False,
        "gives": {}, "samples": samples, "goals": [], "floors": {}, "tried": {},
        "resident": None, "missing": {}, "busy": [], "share": None, "measure": "",
    }  # fmt: skip


def spread(seconds: float) -> list[float]:
    """Samples around a time."""
    return [seconds * (1 + i % 5 / 100) for i in range(12)]


def curve(axis: str, who: str, work: str, slope: float) -> dict[str, Any]:
    sizes = [10**power for power in (2, 3, 4, 5, 6)]
    return {
        "axis": axis, "who": who, "work": work,
        "points": [[size, slope * size, size * 8] for size in sizes],
        "seconds": {"fixed": 0.0, "slope": slope, "exponent": 1.0},
        "memory": {"fixed": 0.0, "slope": 8.0, "exponent": 1.0},
    }  # fmt: skip


def whole() -> dict[str, Any]:
    """A report with something for every picture."""
    peers = row("peers", fastckpt=spread(0.1), safetensors=spread(0.6), npz=spread(0.7))
    peers["gives"] = {"fastckpt": "views", "safetensors": "copies", "npz": "copies"}
    scale = row("scale-load")
    scale["samples"] = {"1 thread": spread(1.0), "2 threads": spread(0.6)}
    scale["missing"] = {"16 threads": "the machine has 2 CPUs"}
    load = row("load", fastckpt=spread(0.03), TensorFlow=spread(0.4))
    load["samples"] |= {"floor": spread(0.029), "floor: 2 map": spread(0.029)}
    load["floors"] = {"floor": "floor: 2 map"}
    load["share"] = {"limit": "memory read", "rate": 3e10, "share": 0.9}
    listed = row("list", fastckpt=spread(0.03), safetensors=spread(0.3))
    return {
        "schema": "fastckpt-benchmarks/run/1", "command": "python -m benchmarks",
        "conditions": dict(CONDITIONS), "rows": [load, listed, peers, scale],
        "limits": {"memory read": {"rate": 3.5e10, "threads": 4}},
        "wrong floors": [],
        "growth": [curve("tensors", "fastckpt", "list", 2e-7),
                   curve("tensors", "TensorFlow", "list", 2e-6),
                   curve("bytes", "fastckpt", "load", 4e-11)],
        "checks": {"fastckpt": {"outcome": "error", "error": "CorruptionError",
                                "where": "a value"},
                   "safetensors": {"outcome": "wrong"}},
    }  # fmt: skip
