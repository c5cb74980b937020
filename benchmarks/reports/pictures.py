"""The pictures of a report, drawn by matplotlib."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from typing import Any

import matplotlib

matplotlib.use("svg")

from matplotlib import pyplot
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter

from benchmarks.data.facts import in_bytes
from benchmarks.reports import picture_data as data
from benchmarks.reports.theme import MARKERS, THEMES, Theme, settings

__all__ = ["PICTURES", "draw"]

_WIDTH = 9.0
"""Inches: 864 pixels, as wide as a README."""


def _seconds(value: float, _: Any) -> str:
    return data.amount(value)


def _dots(axes: Any, theme: Theme, y: float, points: tuple[data.Point, ...]) -> None:
    """Draws contenders on a line: a mark at the median, a bar for the interval."""
    for point in reversed(points):  # ours lies on top
        colour, marker = theme.families[point.family], MARKERS[point.family]
        axes.plot(
            [point.low, point.high], [y, y], color=colour, linewidth=3, alpha=0.45
        )
        size = 13 if marker == "|" else None
        axes.plot(
            [point.value], [y], marker=marker, color=colour, markersize=size,
            markeredgewidth=2 if size else 0,
        )  # fmt: skip


def _legend(figure: Figure, theme: Theme, families: list[str], titles: Any) -> None:
    handles = [
        Line2D(
            [], [], linestyle="", marker=MARKERS[family],
            label=titles.get(family, family), color=theme.families[family],
            markeredgewidth=2 if family == "floor" else 0,
        )
        for family in families
    ]  # fmt: skip
    figure.legend(
        handles=handles, loc="outside upper left", ncols=len(handles),
        handletextpad=0.1, columnspacing=1.2, fontsize=9,
    )  # fmt: skip


def _new(height: float, columns: int = 1, **more: Any) -> tuple[Figure, Any]:
    return pyplot.subplots(
        1, columns, figsize=(_WIDTH, height), layout="constrained", **more
    )


def _times(axes: Any, titles: list[str]) -> None:
    """Sets a line for each title, and an axis of seconds."""
    axes.set_xscale("log")
    axes.set_yticks(range(len(titles)), titles)
    axes.set_ylim(len(titles) - 0.4, -0.6)
    axes.xaxis.set_major_formatter(FuncFormatter(_seconds))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.spines["left"].set_visible(False)
    axes.grid(axis="y", alpha=0.5)


def _source(figure: Figure, theme: Theme, report: dict[str, Any], text: str) -> None:
    figure.supxlabel(
        f"{text} {data.caption(report)}.", x=0.01, ha="left", fontsize=8.5,
        color=theme.faint,
    )  # fmt: skip


def paths(report: dict[str, Any], theme: Theme) -> Figure | None:
    """Draws paths and contenders, with intervals."""
    found = data.paths(report)
    if not found:
        return None
    figure, axes = _new(0.9 + 0.34 * len(found))
    _times(axes, [path.title for path in found])
    for y, path in enumerate(found):
        _dots(axes, theme, y, path.points)
        others = {point.family: point.value for point in path.points[1:]}
        if (other := others.get("TensorFlow")) is not None:
            times = f"{other / path.points[0].value:.2g}"
            axes.annotate(
                f"{float(times):,g} x", (1.01, y), xycoords=("axes fraction", "data"),
                va="center", color=theme.ink,
            )  # fmt: skip
    axes.annotate(
        "TensorFlow\ntakes", (1.01, -0.62), xycoords=("axes fraction", "data"),
        va="bottom", fontsize=8.5, color=theme.faint,
    )  # fmt: skip
    seen = {point.family for path in found for point in path.points}
    families = [family for family in data.FAMILIES if family in seen]
    titles = {"floor": "best known C++", "stores": "h5py, zarr, TensorStore"}
    _legend(figure, theme, families, titles)
    text = "Time, less is better: medians; the bars hold 95 of 100 resampled ones."
    _source(figure, theme, report, text)
    return figure


def _ends(axes: Any, theme: Theme, curves: list[data.Curve]) -> None:
    """Labels lines at their ends, pushed apart where they would lie on each other."""
    place, least = 0.0, 2.1
    for curve in sorted(curves, key=lambda curve: curve.points[-1][1]):
        x, y = curve.points[-1]
        place = max(y, place * least)
        axes.annotate(
            f"{curve.who}: {curve.work}", (x, place), xytext=(7, 0),
            textcoords="offset points", va="center", annotation_clip=False,
            fontsize=8.5, color=theme.families[data.family_of(curve.who)],
        )  # fmt: skip


def growth(report: dict[str, Any], theme: Theme) -> Figure | None:
    """Draws how cost grows with tensors and with bytes, both axes logarithmic."""
    found = data.curves(report)
    axes_of = [axis for axis in ("tensors", "bytes") if _on(found, axis)]
    if not axes_of:
        return None
    figure, all_axes = _new(3.7, len(axes_of), sharey=True, squeeze=False)
    for axes, axis in zip(all_axes[0], axes_of, strict=True):
        these = _on(found, axis)
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_title(f"by the number of {axis}" if axis == "tensors" else "by size")
        for curve in these:
            x, y = zip(*curve.points, strict=True)
            family = data.family_of(curve.who)
            axes.plot(
                x, y, color=theme.families[family], marker=MARKERS[family],
                markersize=4.5,
            )  # fmt: skip
        _ends(axes, theme, these)
        sizes = sorted({x for curve in these for x, _ in curve.points})
        axes.set_xlim(sizes[0] / 1.5, sizes[-1] * 1.5)
        _size_axis(axes, axis, sizes)
        axes.yaxis.set_major_formatter(FuncFormatter(_seconds))
        axes.yaxis.set_minor_formatter(NullFormatter())
    _source(figure, theme, report, "Time, medians of processes of their own.")
    return figure


def _on(found: list[data.Curve], axis: str) -> list[data.Curve]:
    return [curve for curve in found if curve.axis == axis]


def _size_axis(axes: Any, axis: str, sizes: list[float]) -> None:
    if axis == "bytes":
        axes.xaxis.set_major_locator(FixedLocator(sizes[::2]))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda size, _: in_bytes(size)))
    else:
        axes.xaxis.set_major_formatter(FuncFormatter(lambda size, _: f"{size:,.0f}"))
    axes.xaxis.set_minor_formatter(NullFormatter())


def limits(report: dict[str, Any], theme: Theme) -> Figure | None:
    """Draws each path's throughput inside the limit of the machine that bounds it."""
    found = data.shares(report)
    if not found:
        return None
    figure, axes = _new(0.9 + 0.36 * len(found))
    places = range(len(found))
    axes.barh(
        places, [bar.most / 1e9 for bar in found], height=0.62, color="none",
        edgecolor=theme.faint, linewidth=1,
    )  # fmt: skip
    axes.barh(
        places, [bar.rate / 1e9 for bar in found], height=0.62,
        color=theme.families["fastckpt"],
    )  # fmt: skip
    for y, bar in enumerate(found):
        text = f" {bar.rate / 1e9:.3g} of {bar.most / 1e9:.3g} GB/s, {bar.limit}"
        axes.annotate(text, (max(bar.most, bar.rate) / 1e9, y), va="center")
    axes.set_yticks(places, [bar.name for bar in found])
    axes.invert_yaxis()
    axes.grid(visible=False)
    axes.set_xlim(0, max(bar.most for bar in found) / 1e9 * 1.45)
    text = "GB/s: filled is fastckpt, the outline what the machine can do at most."
    _source(figure, theme, report, text)
    return figure


def peers(report: dict[str, Any], theme: Theme) -> Figure | None:
    """Draws every library's time, and says what it checks."""
    found = data.peers(report)
    if len(found) < 2:
        return None
    figure, axes = _new(0.9 + 0.3 * len(found))
    _times(axes, [point.label for point, _ in found])
    for y, (point, checks) in enumerate(found):
        _dots(axes, theme, y, (point,))
        axes.annotate(
            data.amount(point.value), (point.high, y), xytext=(8, 0),
            textcoords="offset points", va="center",
        )  # fmt: skip
        axes.annotate(
            checks.split(" (")[0].split(":")[0], (1.02, y),
            xycoords=("axes fraction", "data"), va="center", color=theme.faint,
        )  # fmt: skip
    axes.annotate(
        "checks", (1.02, -0.7), xycoords=("axes fraction", "data"), va="bottom",
        fontsize=8.5, color=theme.faint,
    )  # fmt: skip
    low, high = axes.get_xlim()
    axes.set_xlim(low, high * 1.4)
    text = "Load and sum every byte: medians, and intervals that hold 95 of 100."
    _source(figure, theme, report, text)
    return figure


def scaling(report: dict[str, Any], theme: Theme) -> Figure | None:
    """Draws how many times faster more threads are."""
    found = data.scaling(report)
    if not found:
        return None
    figure, axes = _new(3.6)
    colours = list(theme.families.values())
    most = max(int(point.label) for points in found.values() for point in points)
    axes.plot([1, most], [1, most], ":", color=theme.faint)
    for (name, points), marker, colour in zip(
        found.items(), MARKERS.values(), colours, strict=False
    ):
        x = [int(point.label) for point in points]
        y = [point.value for point in points]
        errors = [
            [max(0.0, point.value - point.low) for point in points],
            [max(0.0, point.high - point.value) for point in points],
        ]
        axes.errorbar(x, y, errors, marker=marker, color=colour, label=name)
    axes.set_xscale("log", base=2)
    axes.set_yscale("log", base=2)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g} x"))
    axes.legend(loc="upper left")
    _source(figure, theme, report, "Times faster, by threads; dotted: in proportion.")
    return figure


PICTURES: dict[str, Callable[[dict[str, Any], Theme], Figure | None]] = {
    drawing.__name__: drawing for drawing in (paths, growth, limits, peers, scaling)
}


def draw(report: dict[str, Any], name: str, theme: str) -> str | None:
    """Gives a picture as SVG; None where the report has nothing of it."""
    with matplotlib.rc_context(settings(THEMES[theme])):
        figure = PICTURES[name](report, THEMES[theme])
        if figure is None:
            return None
        text = StringIO()
        nothing = {"Date": None, "Creator": None, "Format": None, "Type": None}
        figure.savefig(text, format="svg", transparent=True, metadata=nothing)
        pyplot.close(figure)
    # No line of it ends in a space, as no line of the project does.
    return "".join(f"{line.rstrip()}\n" for line in text.getvalue().splitlines())
