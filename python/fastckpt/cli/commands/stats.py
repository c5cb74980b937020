"""Look at the values of tensors: min, max, mean, std, zeros, NaN, infinities.

All of the numbers and booleans, or of those that NAMES and patterns mean, whose * also
matches /. Every byte is read and checked. Of complex numbers min and max are of
magnitudes; all but the counts are of the finite values. Where a value is not finite the
exit status is 1.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fastckpt import Statistics
from fastckpt.base.text import (
    escape,
    format_count,
    format_exact_size,
    make_printable,
    natural_order,
)
from fastckpt.checking.numbers import is_numeric
from fastckpt.checking.statistics import look_at
from fastckpt.checking.unreadable import (
    UNREADABLE,
    find_unreadable,
    look_by_halves,
)
from fastckpt.cli.errors import BROKEN
from fastckpt.cli.options import READ_TOO, add_path_argument, open_any
from fastckpt.cli.render.describe import Info, find_damaged, summarize
from fastckpt.cli.render.output import (
    print_error,
    print_json,
    print_table,
    print_text,
    terminal_height,
)
from fastckpt.cli.render.progress import Progress
from fastckpt.cli.render.table import Table
from fastckpt.cli.select import TypedNames
from fastckpt.formats.lazy_tensors import name_dtype
from fastckpt.formats.opened import Source

__all__ = ["add_arguments", "run"]

_MOST_NAMED = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments that are this command's own."""
    add_path_argument(parser, more=READ_TOO)
    parser.add_argument(
        "patterns", metavar="PATTERN", nargs="*", default=[], help="which tensors"
    )


def run(args: argparse.Namespace) -> int:
    """Looks at what was asked for."""
    with open_any(args.path, args) as checkpoint:
        typed = TypedNames(checkpoint)
        infos, left_out = _choose(checkpoint, typed, args.patterns)
        is_all = not args.patterns and not left_out
        with Progress("looking") as progress:
            found, unreadable = _look(checkpoint, infos, is_all, args, progress)
        infos = [info for info in infos if info.name not in unreadable]
        summary = summarize(checkpoint, infos)
        damaged = [] if args.patterns else find_damaged(checkpoint, left_out)
        is_doubtful = typed.is_doubtful
    strange = [name for name, it in found.items() if it.nan or it.inf]
    if args.json:
        print_json(
            {
                **summary,
                "ok": not strange and not damaged and not unreadable,
                "not_finite": strange,
                "unreadable": [
                    {"name": name, "problem": told} for name, told in unreadable.items()
                ],
                "left_out": [info.name for info in left_out],
                "tensors": [_describe(info, found[info.name]) for info in infos],
            }
        )
    else:
        infos.sort(key=lambda info: natural_order(info.name))
        total = summary["total"]
        told = _format_summary(total, len(strange), len(left_out), len(unreadable))
        print_text(told)
        print_table(*_make_table(infos, found))
        if len(infos) + 2 >= (terminal_height() or math.inf):
            print_text(told)  # the first line is out of sight
    for info in damaged:
        print_error(f"tensor '{escape(info.name)}': {info.problem}")
    for text in _tell_unreadable(unreadable):
        print_error(text)
    if strange:
        print_error(_tell_strange(sorted(strange, key=natural_order)))
    is_broken = strange or damaged or unreadable or is_doubtful
    return BROKEN if is_broken else 0


def _look(
    checkpoint: Source,
    infos: Sequence[Info],
    is_all: bool,
    args: argparse.Namespace,
    progress: Progress,
) -> tuple[dict[str, Statistics], dict[str, str]]:
    """Gives what was found of values, and the errors of those that cannot be read.

    Raises:
        CheckpointError, FileNotFoundError: None of them can be read.
    """

    def look(names: list[str] | None) -> dict[str, Statistics]:
        wanted = None if names is None else {name: name for name in names}
        # What no histogram is shown of is read once.
        return look_at(checkpoint, wanted, args.threads, progress, args.json)

    names = [info.name for info in infos]
    try:
        return look(None if is_all else names), {}
    except UNREADABLE:
        if len(names) == 1:
            raise
        # All of it was to be read: in one more pass each one's error is found.
        known = {} if args.patterns else find_unreadable(checkpoint, args.threads)
        bad = {name: known[name] for name in names if name in known}
        found = look_by_halves([it for it in names if it not in bad], look, bad)
        if not found:
            raise
        return found, bad


def _choose(
    checkpoint: Source, typed: TypedNames, patterns: Sequence[str]
) -> tuple[list[Info], list[Info]]:
    """Gives the tensors to look at, and those that are no numbers."""
    infos: list[Info] = list(checkpoint.infos())
    if patterns:
        chosen = set(typed.choose(patterns))
        infos = [info for info in infos if info.name in chosen]
    numbers: list[Info] = []
    others: list[Info] = []
    for info in infos:
        # What is named and cannot be read is an error that says why.
        may_fail = info.problem is not None and not patterns
        is_looked_at = not may_fail and (
            info.problem is not None or is_numeric(info.dtype)
        )
        (numbers if is_looked_at else others).append(info)
    return numbers, others


def _describe(info: Info, found: Statistics) -> dict[str, Any]:
    counts, edges = found.histogram
    return {
        "name": info.name,
        "dtype": name_dtype(info),
        "shape": info.shape,
        "count": math.prod(info.shape),
        **found._asdict(),
        "histogram": {"counts": counts, "edges": edges},
    }


def _format_summary(
    total: dict[str, int], strange: int, left_out: int, unreadable: int
) -> str:
    parts = [
        format_count(total["tensors"], "tensor"),
        format_count(total["values"], "value"),
        format_exact_size(total["nbytes"]),
    ]
    if left_out:
        parts.append(f"{left_out:,} left out that {_be(left_out)} no numbers")
    if unreadable:
        parts.append(f"{unreadable:,} that cannot be read")
    all_finite = "the others finite" if unreadable else "all finite"
    parts.append(
        f"{strange:,} with values that are not finite" if strange else all_finite
    )
    return ", ".join(parts)


def _be(count: int) -> str:
    return "is" if count == 1 else "are"


def _make_table(infos: Sequence[Info], found: dict[str, Statistics]) -> Table:
    header = ["name", "min", "max", "mean", "std", "zeros", "NaN", "Inf"]
    rows = []
    for info in infos:
        low, high, mean, std, zeros, nan, inf, _ = found[info.name]
        numbers = [_format(low), _format(high), _format(mean), _format(std)]
        counts = [f"{zeros:,}", f"{nan:,}", f"{inf:,}"]
        rows.append([escape(info.name), *numbers, *counts])
    return header, rows, frozenset(header[1:])


def _format(value: float | complex | None) -> str:
    if type(value) is float:
        return f"{value:.4g}"
    if value is None:
        return "-"
    if isinstance(value, int):
        return f"{value:,}" if abs(value) < 10**9 else f"{value:.4g}"
    return f"{value:.4g}"


def _tell_unreadable(unreadable: Mapping[str, str]) -> Iterator[str]:
    names = sorted(unreadable, key=natural_order)
    for name in names[:_MOST_NAMED]:
        yield f"tensor '{escape(name)}': {make_printable(unreadable[name])}"
    if (more := len(names) - _MOST_NAMED) > 0:
        yield f"{format_count(more, 'more tensor')} cannot be read; verify lists them"


def _tell_strange(names: Sequence[str]) -> str:
    shown = ", ".join(f"'{escape(name)}'" for name in names[:_MOST_NAMED])
    more = len(names) - _MOST_NAMED
    shown += f" and {more:,} more" if more > 0 else ""
    noun = "tensor has" if len(names) == 1 else "tensors have"
    return f"{len(names):,} {noun} values that are not finite: {shown}"
