"""Merge checkpoints that have no tensor in common into one, as a sharded save does.

The data files are linked or copied as they are, the index is made of all; the sources
stay. To merge is to make one checkpoint of the parts that several writers wrote.
"""

from __future__ import annotations

import argparse

import fastckpt
from fastckpt.cli._errors import UsageError
from fastckpt.cli._options import add_sources_and_target
from fastckpt.cli._targets import check_target
from fastckpt.cli._written import report_checkpoint
from fastckpt.paths import resolve

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments that are this command's own."""
    add_sources_and_target(parser)


def run(args: argparse.Namespace) -> int:
    """Merges."""
    check_target(args.to)
    found = [resolve(source) for source in args.sources]
    for source in found:
        if source.format != "v2":
            raise UsageError(
                f"{source.prefix} is a V1 file; convert it first ('fastckpt convert')"
            )
    prefixes = [source.prefix for source in found]
    fastckpt.merge(prefixes, args.to, threads=args.threads)
    report_checkpoint(args, args.to, sources=args.sources)
    return 0
