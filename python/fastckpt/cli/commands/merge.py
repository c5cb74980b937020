"""Merge checkpoints that have no tensor in common into one, as a sharded save does.

The data files are linked or copied as they are, the index is made of all; the sources
stay. To merge is to make one checkpoint of the parts that several writers wrote. Where
a SOURCE is of V1 all values are written anew, as V2.
"""

from __future__ import annotations

import argparse

import fastckpt
from fastckpt.cli.options import add_sources_and_target
from fastckpt.cli.render.progress import Progress
from fastckpt.cli.targets import check_target
from fastckpt.cli.written import report_checkpoint
from fastckpt.files.urls import told_name

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments that are this command's own."""
    add_sources_and_target(parser)


def run(args: argparse.Namespace) -> int:
    """Merges."""
    check_target(args.to)
    with Progress("merging") as progress:
        fastckpt.merge(args.sources, args.to, threads=args.threads, progress=progress)
    report_checkpoint(args, args.to, sources=[*map(told_name, args.sources)])
    return 0
