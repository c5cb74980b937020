"""The rows about checkpoints behind URLs: a web server on the loopback interface."""

from __future__ import annotations

from benchmarks.rows.row import Goal, Row

__all__ = ["AMONG", "FAST", "LATENCY", "ROWS", "SLOW"]

LATENCY = 0.02
FAST = 50e6
SLOW = 2.5e6
"""Bytes a second of each connection; so slow that a server and a client in Python,
with all of their connections, keep up with it."""
AMONG = 1_250
"""Of so many neighbours come the rows that are fetched together."""

_US = "fastckpt"


def _tensors(label: str) -> tuple[Goal, ...]:
    theirs = f"index + cat_ranges, {label}"
    return (
        Goal(f"index + cat_ranges, {label}", 1.2, f"{_US}, {label}", (theirs,)),
        Goal(f"GETs, {label}", 4, f"GETs, {label}"),
        Goal(f"HEADs, {label}", 5, f"HEADs, {label}"),
        Goal(f"bytes of tensors and index, {label}", 1.02, f"bytes / wanted, {label}"),
    )


def _rows(label: str, limit: float) -> Goal:
    return Goal(
        f"single ranges, {label}",
        limit,
        f"{_US}, {label}",
        (f"single ranges, {label}",),
    )


ROWS: tuple[Row, ...] = (
    Row(
        "remote-tensors",
        "{bert}, by HTTP, 20 ms and 50 MB/s a connection: open + three tensors",
        goals=(*_tensors("vectors"), *_tensors("kernels")),
        measure="measures.remote.tensors",
        unit="s, requests, or ratio",
    ),
    Row(
        "remote-load",
        "{bert}, by HTTP, 20 ms and 2.5 MB/s a connection: `load()`, checked",
        goals=(
            Goal("cat_ranges of the same ranges", 1.25, _US, ("cat_ranges",)),
            Goal("bytes and latency", 1.2, _US, ("bytes and latency",)),
        ),
        measure="measures.remote.load_all",
        unit="s, requests, or ratio",
    ),
    Row(
        "remote-rows",
        "a thousand random rows by number, of {table}, by HTTP, 20 ms and 50 MB/s a "
        "connection",
        goals=(_rows("of all", 1.1), _rows(f"of {AMONG:,}", 1.0)),
        measure="measures.remote.random_rows",
        unit="s, requests, or bytes",
    ),
    Row(
        "remote-memory",
        "{bert}, by HTTP: `load()`, growth of the process beyond the result",
        goals=(Goal("MiB", 192, _US),),
        measure="measures.remote.memory",
        unit="MiB",
    ),
)
