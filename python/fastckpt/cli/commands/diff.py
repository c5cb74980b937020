"""Compare two checkpoints: what was added, dropped, reshaped, and which values differ.

All bytes of both are read and checked; with --index-only those whose stored checksums
agree are not read, and bytes that do not fit their checksum go unnoticed. With --rtol
and --atol values are the same where |a - b| <= atol + rtol * |b|. Two NaN are the same.
Exit status 0: the checkpoints are the same; 1: they differ, or one is damaged.
"""

from __future__ import annotations

import argparse
import dataclasses
import math
from collections import Counter
from typing import Any, NamedTuple

import fastckpt
from fastckpt import Change, Diff
from fastckpt.cli.errors import BROKEN
from fastckpt.cli.options import READ_TOO, add_path_argument, open_any
from fastckpt.cli.render.describe import Info
from fastckpt.cli.render.output import paint, print_json, print_lines, print_text
from fastckpt.cli.render.progress import Progress
from fastckpt.cli.render.text import escape, format_count, natural_order
from fastckpt.formats.lazy_tensors import name_dtype
from fastckpt.formats.opened import Source

__all__ = ["add_arguments", "run"]


class _Difference(NamedTuple):
    """What differs between two tensors of one name."""

    name: str
    kind: str
    old: str | None
    new: str | None
    change: Change


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments that are this command's own."""
    add_path_argument(parser, "a", READ_TOO)
    add_path_argument(parser, "b", READ_TOO)
    for name, text in (("rtol", "relative"), ("atol", "absolute")):
        parser.add_argument(
            f"--{name}",
            type=_parse_tolerance,
            default=0.0,
            metavar=name[0].upper(),
            help=f"the {text} difference that does not count (default: 0)",
        )
    parser.add_argument(
        "--index-only",
        action="store_true",
        help="take tensors whose stored checksums agree for the same, unread",
    )


def _parse_tolerance(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not value >= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of at least 0")
    return value


def run(args: argparse.Namespace) -> int:
    """Compares, then writes the differences in the order of names."""
    with (
        open_any(args.a, args) as old,
        open_any(args.b, args) as new,
    ):
        with Progress("comparing") as progress:
            found = fastckpt.diff(
                old,
                new,
                args.rtol,
                args.atol,
                check=not args.index_only,
                threads=args.threads,
                progress=progress,
            )
        differences = _list(found, old, new)
    if args.json:
        print_json(_describe(args, found, differences))
    else:
        differences.sort(key=lambda it: natural_order(it.name))
        print_lines(map(_format, differences))
        print_text(_format_total(args, found, differences))
    return BROKEN if differences else 0


def _list(found: Diff, old: Source, new: Source) -> list[_Difference]:
    names = sorted(
        [*found.added, *found.dropped, *found.changed],
        key=lambda name: name.encode("utf-8", "surrogateescape"),
    )
    return [_difference(name, found, old, new) for name in names]


def _difference(name: str, found: Diff, old: Source, new: Source) -> _Difference:
    first = old.info(name) if name in old else None
    second = new.info(name) if name in new else None
    change = found.changed.get(name, Change())
    if first is None:
        kind = "added"
    elif second is None:
        kind = "dropped"
    elif name_dtype(first) != name_dtype(second):
        kind = "dtype"
    else:
        kind = "shape" if first.shape != second.shape else "values"
    return _Difference(name, kind, _shape_of(first), _shape_of(second), change)


def _shape_of(info: Info | None) -> str | None:
    return None if info is None else f"{name_dtype(info)} {tuple(info.shape)}"


def _describe(
    args: argparse.Namespace, found: Diff, differences: list[_Difference]
) -> dict[str, Any]:
    return {
        "a": args.a,
        "b": args.b,
        "ok": not differences,
        "checked": found.checked,
        "same": len(found.same),
        "differences": [
            {"name": it.name, "kind": it.kind, "old": it.old, "new": it.new}
            | dataclasses.asdict(it.change)
            for it in differences
        ],
    }


def _format(difference: _Difference) -> str:
    name = escape(difference.name)
    if difference.kind == "dropped":
        return paint(f"- {name}  {difference.old}", "bad")
    if difference.kind == "added":
        return paint(f"+ {name}  {difference.new}", "good")
    if difference.kind != "values":
        return f"~ {name}  {difference.old} -> {difference.new}"
    count, largest = difference.change.count, difference.change.largest
    if count is None:
        return f"! {name}  {difference.new}: the checksums differ; unreadable here"
    text = f"! {name}  {difference.new}: {count:,} differ"
    return text if largest is None else f"{text}, by {largest:.6g} at most"


def _format_total(
    args: argparse.Namespace, found: Diff, differences: list[_Difference]
) -> str:
    kinds = Counter(difference.kind for difference in differences)
    words = {
        "values": "with other values",
        "dtype": "of another dtype",
        "shape": "of another shape",
        "dropped": "only in A",
        "added": "only in B",
    }
    parts = [f"{format_count(len(found.same), 'tensor')} the same"]
    parts += [f"{kinds[kind]:,} {text}" for kind, text in words.items() if kinds[kind]]
    total = ", ".join(parts)
    if found.checked or not args.index_only:
        return total
    return f"{total}; of those with equal stored checksums no byte was read or checked"
