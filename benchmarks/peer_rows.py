"""The row about every other library that holds the same tensors."""

from __future__ import annotations

from benchmarks.peers import contenders
from benchmarks.row import Child, Row

__all__ = ["ROWS"]

ROWS: tuple[Row, ...] = (
    Row(
        "peers",
        "{bert}: loaded by each library as it advises, and every byte summed",
        {
            "fastckpt": Child("ours", "load_and_touch", {}, "views"),
            "fastckpt, copy=True": Child(
                "ours", "load_and_touch", {"copy": True}, "copies"
            ),
            **contenders("bert"),
        },
    ),
)
