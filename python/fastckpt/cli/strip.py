"""Copy a checkpoint without what only training needs.

Left out are optimizer slots (VARIABLE/Adam, VARIABLE/Momentum, ..., and their kin of
Keras and TensorFlow 2), the settings of optimizers, beta1_power, beta2_power and
global_step. Moving averages stay. A slot is one by its name, and only where its
variable is there too; --dry-run shows which. --drop adds to them, --keep takes away.
"""

from __future__ import annotations

import argparse

from fastckpt import Checkpoint, rewrite
from fastckpt.cli._describe import sum_tensors
from fastckpt.cli._errors import UsageError
from fastckpt.cli._options import (
    add_patterns_option,
    add_source_and_target,
    open_checkpoint,
)
from fastckpt.cli._output import print_json, print_lines, print_text
from fastckpt.cli._progress import Progress
from fastckpt.cli._select import select_names
from fastckpt.cli._targets import check_target
from fastckpt.cli._text import escape, format_count, format_exact_size
from fastckpt.cli._written import note_object_graph, report_checkpoint
from fastckpt.slots import find_slots

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
    with open_checkpoint(args.source, args) as checkpoint:
        dropped = _choose(checkpoint, args.drop, args.keep)
        kept = set(checkpoint).difference(dropped)
        total = sum_tensors([checkpoint.info(name) for name in dropped])
        if not kept:
            raise UsageError("nothing would be left; --keep says what is to stay")
    if args.dry_run and args.json:
        print_json({"path": args.source, "dropped": dropped, "dropped_total": total})
        return 0
    if not args.json:
        print_lines(map(escape, dropped) if args.dry_run else [])
        count = format_count(total["tensors"], "tensor")
        verb = "would leave" if args.dry_run else "leaving"
        print_text(f"{verb} out {count}, {format_exact_size(total['nbytes'])}")
    if not args.dry_run:
        _write(args, dropped)
        note_object_graph(kept if dropped else ())
    return 0


def _choose(checkpoint: Checkpoint, drop: list[str], keep: list[str]) -> list[str]:
    dropped = set(find_slots(list(checkpoint)))
    dropped.update(select_names(checkpoint, drop) if drop else [])
    dropped.difference_update(select_names(checkpoint, keep) if keep else [])
    return [name for name in checkpoint if name in dropped]


def _write(args: argparse.Namespace, dropped: list[str]) -> None:
    with Progress("writing") as progress:
        rewrite(
            args.source,
            args.target,
            drop=dropped,
            threads=args.threads,
            progress=progress,
        )
    report_checkpoint(args, args.target, dropped=dropped)
