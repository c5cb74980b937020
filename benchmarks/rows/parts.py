"""The rows about a part of a checkpoint: one tensor, and rows that lie together."""

from __future__ import annotations

from benchmarks.rows.row import Child, Floor, Goal, Row

__all__ = ["ROWS"]

_OURS, _TF, _ST, _NP = "ours", "with_tensorflow", "with_safetensors", "with_numpy"
_US, _FLOOR = "fastckpt", "floor"
# Calls in a row, where one takes microseconds.
_MANY = 500


def _matrix_rows(dataset: str, title: str, unchecked: float, checked: float) -> Row:
    memmap = 2.0 if dataset == "partitioned" else 1.5
    unverified = {"name": dataset, "verify": False}
    return Row(
        f"rows-{dataset}",
        title,
        {
            "unchecked": Child(_OURS, "rows", unverified | {"loops": _MANY}, "copies"),
            "unchecked, a single call": Child(_OURS, "rows", unverified, "copies"),
            "checked": Child(_OURS, "rows", {"name": dataset}, "copies"),
            "np.memmap": Child(_NP, "rows", {"loops": _MANY}, "copies"),
            "np.memmap, a single call": Child(_NP, "rows", {}, "copies"),
            "TensorFlow": Child(_TF, "rows", {"name": dataset}, "copies"),
        },
        (
            Goal("unchecked, TensorFlow", unchecked, "unchecked", ("TensorFlow",)),
            Goal("unchecked, np.memmap", memmap, "unchecked", ("np.memmap",)),
            Goal("checked, TensorFlow", checked, "checked", ("TensorFlow",)),
        ),
    )


ROWS: tuple[Row, ...] = (
    Row(
        "one-tensor",
        "one tensor of {one}: open + `ckpt[name]`, checked",
        {
            _US: Child(_OURS, "one", {}, "views"),
            "TensorFlow": Child(_TF, "one", {}, "copies"),
            "safetensors": Child(_ST, "one", {}, "copies"),
            _FLOOR: Floor("check", "embedding", "one"),
        },
        (
            Goal("TensorFlow", 0.28, _US, ("TensorFlow",)),
            Goal("floor", 1.15, _US, (_FLOOR,)),
        ),
    ),
    _matrix_rows("embedding", "128 rows of {matrix}", 0.001, 0.13),
    _matrix_rows("partitioned", "128 rows of {matrix}, partitioned in 8", 0.001, 0.03),
)
