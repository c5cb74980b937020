"""Write the mean of several checkpoints that have the same tensors.

A checkpoint counts once however often it is named, so 'run/model.ckpt-*', which a shell
expands to every file, may be given; a folder or a state file is its latest checkpoint.
'--last 5' with a folder averages its newest five. Floats are summed in float64, one
tensor at a time. What is no float (steps, strings, quantized weights) is taken from the
last checkpoint, whose format the result has, and named where it differs.
"""

from __future__ import annotations

import argparse

import fastckpt
from fastckpt.base.text import escape, format_count, make_printable, natural_order
from fastckpt.cli.options import (
    add_patterns_option,
    add_sources_and_target,
    parse_count,
)
from fastckpt.cli.render.output import print_lines, print_note, print_text
from fastckpt.cli.render.progress import Progress
from fastckpt.cli.targets import check_target
from fastckpt.cli.written import noted_warnings, report_checkpoint

__all__ = ["add_arguments", "run"]

_MAX_NAMES = 10
"""How many tensors a note names."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments that are this command's own."""
    add_sources_and_target(parser)
    parser.add_argument(
        "--last", type=parse_count, metavar="N", help="the newest N of a folder"
    )
    add_patterns_option(parser, "--drop", "leave these tensors out")


def run(args: argparse.Namespace) -> int:
    """Averages."""
    check_target(args.to)
    with noted_warnings(), Progress("averaging") as progress:
        done = fastckpt.average(
            args.sources,
            args.to,
            drop=args.drop,
            last=args.last,
            threads=args.threads,
            progress=progress,
        )
    if not args.json:
        print_text(f"the mean of {format_count(len(done.checkpoints), 'checkpoint')}:")
        for prefix in done.checkpoints:
            print_lines([f"  {make_printable(prefix)}"])
    facts = {
        "sources": done.checkpoints,
        "copied": done.copied,
        "spoiled": done.spoiled,
    }
    report_checkpoint(args, args.to, **facts)
    if not args.json:
        _add_notes(done.copied, done.spoiled)
    return 0


def _add_notes(copied: list[str], spoiled: list[str]) -> None:
    if copied:
        _note("these differ and have no mean, they are the last checkpoint's", copied)
    if spoiled:
        _note("warning: NaN or infinite, though not in every checkpoint", spoiled)


def _note(what: str, names: list[str]) -> None:
    more = f" and {len(names) - _MAX_NAMES} more" if len(names) > _MAX_NAMES else ""
    first = sorted(names, key=natural_order)[:_MAX_NAMES]
    print_note(f"{what}: {', '.join(map(escape, first))}{more}")
