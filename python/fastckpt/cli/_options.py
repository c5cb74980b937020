"""What the commands' arguments share: the common options and opening a checkpoint."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager

import fastckpt
from fastckpt.cli._errors import BrokenCheckpoint
from fastckpt.cli._text import escape

__all__ = ["add_common_arguments", "add_path_argument", "open_checkpoint"]


def add_common_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options that every command has."""
    parser.add_argument(
        "--json",
        action="store_true",
        help="write JSON to standard output, and nothing else there",
    )
    parser.add_argument(
        "--threads",
        type=_parse_thread_count,
        metavar="N",
        help="threads that read and check (default: one for each processor)",
    )


def add_path_argument(
    parser: argparse.ArgumentParser, name: str = "path", **options: str
) -> None:
    """Adds the argument that names a checkpoint."""
    parser.add_argument(
        name,
        metavar=name.upper(),
        help="a prefix, one of its files, a folder with a checkpoint, a SavedModel",
        **options,
    )


def _parse_thread_count(text: str) -> int:
    try:
        count = int(text)
    except ValueError:
        count = 0
    if count < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of at least 1")
    return count


@contextmanager
def open_checkpoint(
    path: str, args: argparse.Namespace
) -> Iterator[fastckpt.Checkpoint]:
    """Opens a checkpoint for the length of a block.

    Raises:
        BrokenCheckpoint: The block met one of its data files missing. That is the
            checkpoint's fault, unlike a path that leads nowhere.
    """
    with fastckpt.open(path, threads=args.threads) as checkpoint:
        try:
            yield checkpoint
        except FileNotFoundError as error:
            if error.filename not in checkpoint.files:
                raise
            raise BrokenCheckpoint(
                f"{escape(str(error.filename))}: this data file of the checkpoint is "
                "missing; copy it beside the index"
            ) from error
