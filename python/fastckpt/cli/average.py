"""Write the mean of several checkpoints that have the same tensors.

Floats are summed in float64, one tensor at a time. What is no float (steps, strings) is
taken from the last SOURCE, whose format the result has.
"""

from __future__ import annotations

import argparse

from fastckpt.average import average
from fastckpt.cli._options import add_sources_and_target
from fastckpt.cli._progress import Progress
from fastckpt.cli._written import report_checkpoint

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments that are this command's own."""
    add_sources_and_target(parser)


def run(args: argparse.Namespace) -> int:
    """Averages."""
    with Progress("averaging") as progress:
        average(args.sources, args.to, threads=args.threads, progress=progress)
    report_checkpoint(args, args.to, sources=args.sources)
    return 0
