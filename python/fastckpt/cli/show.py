"""Show tensors: values, statistics, and where their bytes lie.

Without a NAME, show the checkpoint itself: its files, what it holds, what is largest.
A NAME may be a pattern whose * also matches /. Values are printed as NumPy prints them,
which leaves out the middle of more than 1,000; use --region to see a part. Statistics
are of the values that were asked for, in float64, over the finite ones.
"""

from __future__ import annotations

import argparse

from fastckpt import Checkpoint
from fastckpt.cli._errors import BROKEN, UsageError
from fastckpt.cli._files import CheckpointFiles
from fastckpt.cli._options import add_path_argument, open_checkpoint
from fastckpt.cli._output import print_error, print_json, print_lines
from fastckpt.cli._overview import show_checkpoint
from fastckpt.cli._region import Region, parse_region
from fastckpt.cli._select import select_names
from fastckpt.cli._shown_tensor import ShownTensor

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments that are this command's own."""
    add_path_argument(parser)
    parser.add_argument(
        "names", metavar="NAME", nargs="*", default=[], help="which tensors"
    )
    parser.add_argument(
        "--region",
        type=_region_argument,
        metavar="REGION",
        help="a part of each, as between NumPy's brackets: 0:3,:",
    )


def _region_argument(text: str) -> Region:
    try:
        return parse_region(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def run(args: argparse.Namespace) -> int:
    """Shows the checkpoint or the tensors that were asked for."""
    if args.region is not None and not args.names:
        raise UsageError("--region needs the NAME of a tensor")
    with open_checkpoint(args.path, args) as checkpoint:
        if not args.names:
            show_checkpoint(checkpoint, as_json=args.json)
            return 0
        names = select_names(checkpoint, args.names)
        if args.json:
            return _print_json(checkpoint, names, args.region)
        return _print_text(checkpoint, names, args.region)


def _print_json(checkpoint: Checkpoint, names: list[str], region: Region | None) -> int:
    files = CheckpointFiles(checkpoint)
    tensors, status = [], 0
    for name in names:
        shown = ShownTensor(checkpoint, files, name, region)
        tensors.append(shown.describe())
        status = status or (BROKEN if shown.error else 0)
    head = {"path": checkpoint.path, "format": checkpoint.format}
    print_json({**head, "tensors": tensors})
    return status


def _print_text(checkpoint: Checkpoint, names: list[str], region: Region | None) -> int:
    files = CheckpointFiles(checkpoint)
    status = 0
    for number, name in enumerate(names):
        print_lines([""] if number else [])
        shown = ShownTensor(checkpoint, files, name, region)
        print_lines(shown.format())
        if shown.error:
            print_error(shown.error)
            status = BROKEN
    return status
