"""Compare two checkpoints: what was added, dropped, reshaped, and which values differ.

All bytes of both are read and checked; with --index-only those whose stored checksums
agree are not read, and bytes that do not fit their checksum go unnoticed. With --rtol
and --atol values are the same where |a - b| <= atol + rtol * |b|. Two NaN are the same.
With --html a page, one file that needs no other, lists what changed most first, with
the histograms of both side by side.
Exit status 0: the checkpoints are the same; 1: they differ, or one is damaged.
"""

from __future__ import annotations

import argparse
import math
import os
from collections import Counter
from typing import Any

import fastckpt
from fastckpt import Diff
from fastckpt.base.text import escape, format_count, natural_order
from fastckpt.checking.differences import Difference, list_differences
from fastckpt.cli.errors import BROKEN
from fastckpt.cli.options import READ_TOO, add_path_argument, open_any
from fastckpt.cli.render.output import (
    paint,
    print_json,
    print_text,
    tell_of_page,
)
from fastckpt.cli.render.progress import Progress
from fastckpt.files.urls import told_name
from fastckpt.formats.opened import Source
from fastckpt.pages.checkpoint_page import About
from fastckpt.pages.diff_page import write_diff_page

__all__ = ["add_arguments", "run"]


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
    parser.add_argument(
        "--html", metavar="FILE", help="write a page to FILE in place of the text"
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
        differences = list_differences(found, old, new)
        if args.html is not None:
            _write_page(args, old, new, found, _format_total(args, found, differences))
    if args.json:
        print_json(_describe(args, found, differences))
    elif args.html is not None:
        tell_of_page(args.html)
        print_text(_format_total(args, found, differences))
    else:
        differences.sort(key=lambda it: natural_order(it.name))
        for difference in differences:
            print_text(_format(difference), 4, [escape(difference.name)])
        print_text(_format_total(args, found, differences))
    return BROKEN if differences else 0


def _write_page(
    args: argparse.Namespace, old: Source, new: Source, found: Diff, total: str
) -> None:
    facts = [("A", old.path), ("B", new.path), ("result", total)]
    if args.rtol or args.atol:
        same = f"|a - b| <= {args.atol:g} + {args.rtol:g} * |b|"
        facts.append(("the same where", same))
    about = About(_make_title(old.path, new.path), facts, [])
    with Progress("looking at values") as progress:
        write_diff_page(
            *(args.html, old, new, found, about),
            threads=args.threads,
            progress=progress,
        )


def _make_title(old: str, new: str) -> str:
    """Gives short names that tell two checkpoints apart."""
    short = os.path.basename(old), os.path.basename(new)
    one, two = short if short[0] != short[1] else (old, new)
    return f"{one} and {two}"


def _describe(
    args: argparse.Namespace, found: Diff, differences: list[Difference]
) -> dict[str, Any]:
    return {
        "a": told_name(args.a),
        "b": told_name(args.b),
        "ok": not differences,
        "checked": found.checked,
        "same": len(found.same),
        "differences": [
            {"name": it.name, "kind": it.kind, "old": it.old, "new": it.new}
            | vars(it.change)
            for it in differences
        ],
    }


def _format(difference: Difference) -> str:
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
    if largest is not None:
        text = f"{text}, by {largest:.6g} at most"
    not_finite = difference.change.not_finite
    if not_finite:
        text = f"{text}, {not_finite:,} of them NaN or infinite in A or B"
    return text


def _format_total(
    args: argparse.Namespace, found: Diff, differences: list[Difference]
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
