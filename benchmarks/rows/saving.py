"""The row about saving."""

from __future__ import annotations

from benchmarks.rows.row import Bound, Child, Floor, Goal, Row

__all__ = ["ROWS"]

_US, _FLOOR = "fastckpt", "floor"

ROWS: tuple[Row, ...] = (
    Row(
        "save",
        "{bert}: `save`, on the disk when it returns",
        {
            _US: Child("ours", "save"),
            "TensorFlow + fsync": Child("with_tensorflow", "save"),
            _FLOOR: Floor("save"),
        },
        (
            Goal("floor", 1.20, _US, (_FLOOR,)),
            Goal("TensorFlow + fsync", 0.50, _US, ("TensorFlow + fsync",)),
        ),
        bound=Bound("disk write"),
    ),
)
