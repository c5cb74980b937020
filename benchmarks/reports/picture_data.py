"""What pictures show, as numbers and words: chosen from a report, drawn elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from typing import Any, NamedTuple

from benchmarks.data.facts import in_bytes
from benchmarks.measures.flips import in_words
from benchmarks.reports.markdown import format_amount
from benchmarks.reports.tables import contenders_of
from benchmarks.rows.scaling import label_of as threads_label
from benchmarks.timing.intervals import quotient

__all__ = [
    "FAMILIES",
    "Bar",
    "Curve",
    "Path",
    "Point",
    "amount",
    "caption",
    "curves",
    "family_of",
    "paths",
    "peers",
    "scaling",
    "shares",
]

FAMILIES = (
    "fastckpt",
    "TensorFlow",
    "safetensors",
    "torch",
    "NumPy",
    "stores",
    "floor",
)

# {row: (what it is in a few words, whose label is ours)}
_PATHS = {
    "load": ("load all, checked", "fastckpt"),
    "load-copy": ("load all into memory of one's own", "fastckpt"),
    "cold": ("load all, not in the page cache", "fastckpt"),
    "torch-load": ("load all for torch, and sum", "fastckpt"),
    "one-tensor": ("open, and one tensor", "fastckpt"),
    "rows-embedding": ("128 rows of a table, a single call", "checked"),
    "single-rows": ("500 single rows", "fastckpt"),
    "list": ("list every tensor", "fastckpt"),
    "views-small": ("a view of every tensor", "fastckpt load()"),
    "new-process": ("one tensor in a new process", "fastckpt"),
    "save": ("save all, on the disk", "fastckpt"),
}
# Who is measured in another way than ours: many calls in a row beside a single one.
_UNLIKE = {"rows-embedding": {"np.memmap", "unchecked", "unchecked, a single call"}}
_STORES = ("h5py", "zarr", "TensorStore", "Orbax")
_STARTS = {
    "TensorFlow": "TensorFlow",
    "safetensors": "safetensors",
    "torch": "torch",
    "np.": "NumPy",
    "npz": "NumPy",
    "NumPy": "NumPy",
    "floor": "floor",
    **dict.fromkeys(_STORES, "stores"),
}


class Point(NamedTuple):
    """A contender's median with the interval that holds 95 of 100 resampled ones."""

    label: str
    family: str
    value: float
    low: float
    high: float


class Path(NamedTuple):
    """A path with its contenders; ours is the first."""

    name: str
    title: str
    points: tuple[Point, ...]


class Bar(NamedTuple):
    """A path's bytes a second, and those of the limit that bounds it."""

    name: str
    limit: str
    rate: float
    most: float


class Curve(NamedTuple):
    """How a cost grows: (size, seconds) in order."""

    axis: str
    work: str
    who: str
    points: tuple[tuple[float, float], ...]


def family_of(label: str) -> str:
    """Gives whose a label is: one of the families, ours where it is nobody else's."""
    for start, family in _STARTS.items():
        if label.startswith(start):
            return family
    return "fastckpt"


def _point(label: str, family: str, samples: list[float]) -> Point:
    found = quotient(samples)
    return Point(label, family, found.value, found.low, found.high)


def _points(row: dict[str, Any], ours: str) -> Iterator[Point]:
    """Gives ours, and the fastest of each other family."""
    unlike = _UNLIKE.get(row["name"], set())
    found = {
        label: samples
        for label, samples in contenders_of(row).items()
        if label not in unlike
    }
    if ours not in found:
        return
    yield _point(ours, "fastckpt", found[ours])
    for family in FAMILIES[1:]:
        labels = [label for label in found if family_of(label) == family]
        if labels:
            label = min(labels, key=lambda label: median(found[label]))
            yield _point(label, family, found[label])


def paths(report: dict[str, Any]) -> list[Path]:
    """Gives the chosen paths that were measured, each with two contenders at least."""
    rows = {row["name"]: row for row in report["rows"]}
    found = []
    for name, (title, ours) in _PATHS.items():
        points = tuple(_points(rows[name], ours)) if name in rows else ()
        if len(points) > 1:
            found.append(Path(name, title, points))
    return found


def peers(report: dict[str, Any]) -> list[tuple[Point, str]]:
    """Gives each library and what it checks, the fastest first."""
    row = next((row for row in report["rows"] if row["name"] == "peers"), None)
    checks = report.get("checks", {})
    points = [
        _point(label, family_of(label), samples)
        for label, samples in (contenders_of(row) if row else {}).items()
    ]
    return [
        (point, in_words(checks.get(point.label.removesuffix(", copy=True"))))
        for point in sorted(points, key=lambda point: point.value)
    ]


def shares(report: dict[str, Any]) -> list[Bar]:
    """Gives what each path moves a second beside what the machine can."""
    return [
        Bar(
            row["name"],
            row["share"]["limit"],
            row["share"]["rate"],
            report["limits"][row["share"]["limit"]]["rate"],
        )
        for row in report["rows"]
        if row.get("share")
    ]


def curves(report: dict[str, Any]) -> list[Curve]:
    """Gives what was measured of how cost grows."""
    return [
        Curve(
            curve["axis"],
            curve["work"],
            curve["who"],
            tuple((point[0], point[1]) for point in curve["points"]),
        )
        for curve in report.get("growth", [])
    ]


def scaling(report: dict[str, Any]) -> dict[str, list[Point]]:
    """Gives {row: speed-ups over one thread}; labels are numbers of threads."""
    found = {}
    for row in report["rows"]:
        one = row["samples"].get(threads_label(1))
        if not row["name"].startswith("scale-") or not one:
            continue
        points = []
        for label, samples in row["samples"].items():
            if samples:
                of = quotient(one, samples)
                points.append(
                    Point(label.split()[0], "fastckpt", of.value, of.low, of.high)
                )
        if len(points) > 1:
            found[row["name"]] = points
    return found


def caption(report: dict[str, Any]) -> str:
    """Says in one line where this was measured, and that it was not quiet."""
    found = report["conditions"]
    busy = "; the machine was busy" if found.get("busy") else ""
    return f"{found['cpus']} CPUs, {found['cpu']}, {_size(found)}{busy}"


def _size(conditions: dict[str, Any]) -> str:
    return in_bytes(conditions["data"]["nbytes"])


def amount(seconds: float) -> str:
    """Gives seconds for the eye: two digits."""
    return format_amount(float(f"{seconds:.2g}"), "s")
