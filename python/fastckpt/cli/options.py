"""The arguments that commands share, and opening a checkpoint they name."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager

import fastckpt
from fastckpt.cli.errors import BrokenCheckpoint
from fastckpt.formats.opened import Source, open_tensors
from fastckpt.reading.unopened import find_missing_shard

__all__ = [
    "READ_TOO",
    "add_common_arguments",
    "add_path_argument",
    "add_patterns_option",
    "add_source_and_target",
    "add_sources_and_target",
    "noticed_missing_files",
    "open_any",
    "open_checkpoint",
    "split_tags",
]

_WHAT_OPENS = "a prefix, one of its files, a folder with a checkpoint, a SavedModel"
READ_TOO = "; a .npz or .safetensors file"


def add_common_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options that every command has."""
    parser.add_argument(
        "--json",
        action="store_true",
        help="write JSON to standard output, and nothing else there",
    )
    parser.add_argument(
        "--threads",
        type=parse_count,
        metavar="N",
        help="threads that read and check (default: one for each processor)",
    )


def add_path_argument(
    parser: argparse.ArgumentParser, name: str = "path", more: str = ""
) -> None:
    """Adds the argument that names a checkpoint, or more than that."""
    parser.add_argument(name, metavar=name.upper(), help=_WHAT_OPENS + more)


def add_source_and_target(parser: argparse.ArgumentParser) -> None:
    """Adds the two arguments of a command that copies a checkpoint."""
    parser.add_argument("source", metavar="SOURCE", help=_WHAT_OPENS)
    parser.add_argument("target", metavar="TARGET", help="the prefix to write to")


def add_sources_and_target(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of a command that makes one checkpoint of several."""
    parser.add_argument("sources", metavar="SOURCE", nargs="+", help=_WHAT_OPENS)
    parser.add_argument(
        "--to", metavar="TARGET", required=True, help="the prefix to write to"
    )


def add_patterns_option(
    parser: argparse.ArgumentParser, option: str, summary: str
) -> None:
    """Adds an option that takes names and patterns of tensors, also repeatedly."""
    parser.add_argument(
        option, metavar="PATTERN", nargs="+", action="extend", default=[], help=summary
    )


def parse_count(text: str) -> int:
    """Parses a number of at least 1."""
    try:
        count = int(text)
    except ValueError:
        count = 0
    if count < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of at least 1")
    return count


@contextmanager
def open_checkpoint(
    path: str, args: argparse.Namespace, *, io: str = "auto"
) -> Iterator[fastckpt.Checkpoint]:
    """Opens a checkpoint for the length of a block.

    Commands that copy ask for io="read": a file that is cut meanwhile is an error
    then and no signal.

    Raises:
        BrokenCheckpoint: One of its data files is missing, now or in the block.
    """
    with (
        noticed_missing_files(path),
        fastckpt.open(path, io=io, threads=args.threads) as checkpoint,
    ):
        yield checkpoint


def split_tags(text: str | None) -> list[str] | None:
    """Gives the tags of a SavedModel's graph that an option names."""
    return None if text is None else [tag.strip() for tag in text.split(",") if tag]


@contextmanager
def open_any(path: str, args: argparse.Namespace) -> Iterator[Source]:
    """Opens a checkpoint, or a file of another format, for the length of a block.

    Raises:
        BrokenCheckpoint: As above.
    """
    with (
        noticed_missing_files(path),
        open_tensors(path, threads=args.threads) as source,
    ):
        yield source


@contextmanager
def noticed_missing_files(path: str) -> Iterator[None]:
    """Tells a data file that is missing in a block from a path that leads nowhere.

    Raises:
        BrokenCheckpoint: A data file of the checkpoint is missing, which is the
            checkpoint's fault.
    """
    try:
        yield
    except FileNotFoundError as error:
        found = find_missing_shard(path, error)
        if found is None:
            raise
        raise BrokenCheckpoint(f"{found.message}; {found.advice}") from error
