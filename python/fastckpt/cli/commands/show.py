"""Show tensors: values, statistics, and where their bytes lie.

Without a NAME, show the checkpoint itself: its files, what it holds, what is largest.
A NAME may be a pattern whose * also matches /, and of a TensorFlow 2 checkpoint the
path that people know, model/dense/kernel, in place of the key. Values are printed as
NumPy prints them, which leaves out the middle of more than 1,000; use --region to see a
part, or --all to see every value, and every string to its end. Statistics are of the
values that were asked for, in float64, over the finite ones.

With --html the same goes into a page, one file that needs no other: all tensors, to be
searched and sorted, by scope, with statistics and how their values are spread; or those
that are named, one after the other. All values are looked at for it.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from fastckpt.base.text import escape, format_count, natural_order
from fastckpt.cli.errors import BROKEN, UsageError
from fastckpt.cli.options import READ_TOO, add_path_argument, open_any
from fastckpt.cli.region import Region, parse_region
from fastckpt.cli.render.output import (
    print_error,
    print_json,
    print_lines,
    tell_of_page,
)
from fastckpt.cli.render.overview import Overview
from fastckpt.cli.render.progress import Progress
from fastckpt.cli.render.shown_tensor import ShownTensor
from fastckpt.cli.select import TypedNames
from fastckpt.formats.files import files_of
from fastckpt.formats.opened import Source
from fastckpt.pages.checkpoint_page import About, write_checkpoint_page
from fastckpt.pages.tensor_page import TensorPart, write_tensor_page

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments that are this command's own."""
    add_path_argument(parser, more=READ_TOO)
    parser.add_argument(
        "names", metavar="NAME", nargs="*", default=[], help="which tensors"
    )
    parser.add_argument(
        "--region",
        type=_region_argument,
        metavar="REGION",
        help="a part of each, as between NumPy's brackets: 0:3,:",
    )
    parser.add_argument(
        "--all", action="store_true", help="every value, however many there are"
    )
    parser.add_argument(
        "--html", metavar="FILE", help="write a page to FILE in place of the text"
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
    if args.all and not args.names:
        raise UsageError("--all needs the NAME of a tensor; '*' means all of them")
    with open_any(args.path, args) as checkpoint:
        if not args.names:
            return _show_checkpoint(checkpoint, args)
        shown = _ShownTensors(checkpoint, args)
        if args.html is not None:
            write_tensor_page(args.html, checkpoint.path, shown.parts())
        if args.json:
            head = {"path": checkpoint.path, "format": checkpoint.format}
            print_json({**head, "tensors": [it.describe() for it in shown]})
        elif args.html is not None:
            tell_of_page(args.html)
        else:
            shown.print()
        return shown.status


def _show_checkpoint(checkpoint: Source, args: argparse.Namespace) -> int:
    overview, status = Overview(checkpoint), 0
    if args.html is not None:
        status = _write_page(checkpoint, overview, args)
    if args.json:
        print_json(overview.describe())
    elif args.html is not None:
        tell_of_page(args.html)
    else:
        overview.print()
    return status


def _write_page(
    checkpoint: Source, overview: Overview, args: argparse.Namespace
) -> int:
    tables = [("Files", overview.file_table()), ("Dtypes", overview.dtype_table())]
    about = About(checkpoint.path, list(overview.facts()), tables)
    with Progress("looking at values") as progress:
        errors = write_checkpoint_page(
            args.html, checkpoint, about, threads=args.threads, progress=progress
        )
    if not errors:
        return 0
    name, error = next(iter(errors.items()))
    count = format_count(len(errors), "tensor")
    print_error(f"{count} cannot be read; the page says which; {escape(name)}: {error}")
    return BROKEN


class _ShownTensors:
    """The tensors that were asked for, each made when it is its turn.

    Attributes:
        status: The exit status for those that were shown so far.
    """

    def __init__(self, checkpoint: Source, args: argparse.Namespace) -> None:
        self._checkpoint = checkpoint
        self._files = files_of(checkpoint)
        order = None if args.json else natural_order
        self._typed = TypedNames(checkpoint)
        self._names = self._typed.choose(args.names, order)
        self._region, self._is_whole = args.region, args.all
        self.status = 0

    def __iter__(self) -> Iterator[ShownTensor]:
        for name in self._names:
            shown = ShownTensor(
                self._checkpoint,
                self._files,
                name,
                self._region,
                self._is_whole,
                self._typed.find_path(name),
            )
            if shown.error:
                self.status = BROKEN
            yield shown

    def print(self) -> None:
        """Writes them to standard output, errors to standard error."""
        for number, shown in enumerate(self):
            print_lines([""] if number else [])
            print_lines(shown.format())
            if shown.error:
                print_error(shown.error)

    def parts(self) -> Iterator[TensorPart]:
        """Gives what a page says of them; errors go to standard error, too."""
        for shown in self:
            yield shown.part()
            if shown.error:
                print_error(shown.error)
