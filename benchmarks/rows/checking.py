"""The rows about reading every byte: checksums, and statistics."""

from __future__ import annotations

from benchmarks.rows.row import Bound, Child, Floor, Goal, Row

__all__ = ["ROWS"]

_OURS = "ours"
_US, _FLOOR = "fastckpt", "floor"


def _statistics(name: str, dataset: str, title: str) -> Row:
    without = "without histograms"
    return Row(
        name,
        f"{title}: `statistics()`, checked",
        {
            _US: Child(_OURS, "statistics", {"name": dataset}),
            without: Child(
                _OURS, "statistics", {"name": dataset, "with_histogram": False}
            ),
            _FLOOR: Floor("check", dataset, dataset),
        },
        (
            Goal("floor", 2.5, _US, (_FLOOR,)),
            Goal("floor, as `stats` does it", 2.5, without, (_FLOOR,)),
        ),
        bound=Bound("memory read", dataset),
    )


ROWS: tuple[Row, ...] = (
    Row(
        "verify",
        "{bert}: `verify()`",
        {_US: Child(_OURS, "verify"), _FLOOR: Floor("check")},
        (Goal("floor", 1.10, _US, (_FLOOR,)),),
        bound=Bound("memory read"),
    ),
    _statistics("statistics", "bert", "{bert}"),
    _statistics("statistics-pages", "pages", "{pages}"),
)
