"""Compare two checkpoints: what was added, dropped, reshaped, and which values differ.

Where the stored checksums of two tensors agree they are taken to be the same and not
read; 'verify' finds bytes that do not fit their checksum. With --rtol and --atol values
are the same where |a - b| <= atol + rtol * |b|. Two NaN are the same. Exit status 0:
the checkpoints are the same; 1: they differ, or one is damaged.
"""

from __future__ import annotations

import argparse
import dataclasses
import math
from collections import Counter

from fastckpt.cli._compare import Difference, Tolerance, compare_checkpoints
from fastckpt.cli._errors import BROKEN
from fastckpt.cli._options import add_path_argument, open_checkpoint
from fastckpt.cli._output import paint, print_json, print_lines, print_text
from fastckpt.cli._progress import Progress
from fastckpt.cli._text import escape, format_count

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments that are this command's own."""
    add_path_argument(parser, "a")
    add_path_argument(parser, "b")
    for name, text in (("rtol", "relative"), ("atol", "absolute")):
        parser.add_argument(
            f"--{name}",
            type=_parse_tolerance,
            default=0.0,
            metavar=name[0].upper(),
            help=f"the {text} difference that does not count (default: 0)",
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
    """Compares; writes each difference as it is found."""
    tolerance = Tolerance(args.rtol, args.atol)
    kinds: Counter[str] = Counter()
    found: list[Difference] = []
    with (
        open_checkpoint(args.a, args) as old,
        open_checkpoint(args.b, args) as new,
        Progress("comparing") as progress,
    ):
        for difference in compare_checkpoints(old, new, tolerance, progress):
            kinds[difference.kind if difference else "same"] += 1
            if difference and args.json:
                found.append(difference)
            elif difference:
                print_lines([_format(difference)])
    same = kinds.pop("same", 0)
    if args.json:
        differences = list(map(dataclasses.asdict, found))
        head = {"a": args.a, "b": args.b, "ok": not kinds, "same": same}
        print_json({**head, "differences": differences})
    else:
        print_text(_format_total(same, kinds))
    return BROKEN if kinds else 0


def _format(difference: Difference) -> str:
    name = escape(difference.name)
    if difference.kind == "dropped":
        return paint(f"- {name}  {difference.old}", "bad")
    if difference.kind == "added":
        return paint(f"+ {name}  {difference.new}", "good")
    if difference.kind != "values":
        return f"~ {name}  {difference.old} -> {difference.new}"
    text = f"! {name}  {difference.new}: {difference.count:,} differ"
    if difference.largest is not None:
        text += f", by {difference.largest:.6g} at most"
    return text


def _format_total(same: int, kinds: Counter[str]) -> str:
    words = {
        "values": "with other values",
        "dtype": "of another dtype",
        "shape": "of another shape",
        "dropped": "only in A",
        "added": "only in B",
    }
    parts = [f"{format_count(same, 'tensor')} the same"]
    parts += [f"{kinds[kind]:,} {text}" for kind, text in words.items() if kinds[kind]]
    return ", ".join(parts)
