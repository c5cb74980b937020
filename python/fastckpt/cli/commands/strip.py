"""Copy a checkpoint without what only training needs.

In a checkpoint of TensorFlow 2 the object graph tells what is an optimizer's, whatever
the keys are, and the copy's fits what is left. Elsewhere names do: left out are slots
(VARIABLE/Adam, VARIABLE/Momentum and their kin, where such a VARIABLE is there), the
settings of Keras's optimizers, beta1_power, beta2_power and global_step. Moving
averages stay. --dry-run shows what would go. --drop adds to it, --keep takes away.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from fastckpt.base.text import escape, format_count, format_exact_size, natural_order
from fastckpt.cli.options import (
    add_patterns_option,
    add_source_and_target,
    open_checkpoint,
)
from fastckpt.cli.render.describe import sum_tensors
from fastckpt.cli.render.output import print_json, print_lines, print_text
from fastckpt.cli.render.progress import Progress
from fastckpt.cli.select import TypedNames, as_meant
from fastckpt.cli.targets import check_target
from fastckpt.cli.written import report_checkpoint
from fastckpt.editing.strip import find_dropped, strip
from fastckpt.files.urls import told_name
from fastckpt.objects.message import GRAPH_KEY
from fastckpt.reading.checkpoint import Checkpoint

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments that are this command's own."""
    add_source_and_target(parser)
    add_patterns_option(parser, "--drop", "leave these tensors out, too")
    add_patterns_option(parser, "--keep", "keep these, whatever else is said")
    parser.add_argument(
        "--dry-run", action="store_true", help="only show what would be left out"
    )


def run(args: argparse.Namespace) -> int:
    """Copies what is to stay."""
    check_target(args.target)
    with open_checkpoint(args.source, args, io="read") as checkpoint:
        drop = as_meant(checkpoint, args.drop or ())
        keep = _choose(checkpoint, args.keep or ())
        dropped = find_dropped(checkpoint, drop, keep)
        total = sum_tensors([checkpoint.info(name) for name in dropped])
    if args.dry_run and args.json:
        facts = {"dropped": dropped, "dropped_total": total}
        print_json({"path": told_name(args.source), **facts})
        return 0
    if not args.json:
        if args.dry_run:
            print_lines(map(escape, sorted(dropped, key=natural_order)))
        print_text(_word(args.dry_run, total))
    if not args.dry_run:
        _write(args, drop, keep)
    return 0


def _choose(checkpoint: Checkpoint, patterns: Sequence[str]) -> list[str]:
    """Gives the keys that are to stay, by path too: an optimizer's with its slots.

    Of what is to go a pattern of keys means no more than these.
    """
    found = TypedNames(checkpoint).choose(patterns) if patterns else []
    return [it for it in found if it != GRAPH_KEY or it in patterns]


def _write(args: argparse.Namespace, drop: list[str], keep: list[str]) -> None:
    with Progress("writing") as progress:
        dropped = strip(
            args.source,
            args.target,
            drop,
            keep,
            threads=args.threads,
            progress=progress,
        )
    report_checkpoint(args, args.target, dropped=dropped)


def _word(is_dry: bool, total: dict[str, int]) -> str:
    if not total["tensors"]:
        return "nothing here is known as an optimizer's; all tensors stay"
    count = format_count(total["tensors"], "tensor")
    verb = "would leave" if is_dry else "leaving"
    return f"{verb} out {count}, {format_exact_size(total['nbytes'])}"
