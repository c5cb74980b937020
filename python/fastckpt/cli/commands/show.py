"""Show tensors: values, statistics, and where their bytes lie.

Without a NAME, show the checkpoint itself: its files, what it holds, what is largest.
A NAME may be a pattern whose * also matches /, and of a TensorFlow 2 checkpoint the
path that people know, model/dense/kernel, in place of the key. Values are printed as
NumPy prints them, which leaves out the middle of more than 1,000; use --region to see a
part, or --all to see every value, and every string to its end. Statistics are of the
values that were asked for, in float64, over the finite ones.

With --html the same goes into a page: all tensors in a table, or, of those that are
named, how their values are spread, too. The page needs no other file.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator

from fastckpt.cli.errors import BROKEN, UsageError
from fastckpt.cli.options import READ_TOO, add_path_argument, open_any
from fastckpt.cli.region import Region, parse_region
from fastckpt.cli.render.describe import Info
from fastckpt.cli.render.output import print_error, print_json, print_lines, print_text
from fastckpt.cli.render.overview import Overview
from fastckpt.cli.render.page import (
    format_facts,
    format_rows,
    format_tensor,
    write_page,
)
from fastckpt.cli.render.shown_tensor import ShownTensor
from fastckpt.cli.render.tensor_table import make_tensor_table
from fastckpt.cli.render.text import format_exact_size, make_printable, natural_order
from fastckpt.cli.select import TypedNames
from fastckpt.formats.files import files_of
from fastckpt.formats.opened import Source

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
            _show_checkpoint(Overview(checkpoint), args)
            return 0
        shown = _ShownTensors(checkpoint, args)
        if args.html is not None:
            title = make_printable(checkpoint.path)
            write_page(args.html, title, shown.format_page())
        if args.json:
            head = {"path": checkpoint.path, "format": checkpoint.format}
            print_json({**head, "tensors": [it.describe() for it in shown]})
        elif args.html is not None:
            _tell_of_page(args.html)
        else:
            shown.print()
        return shown.status


def _show_checkpoint(overview: Overview, args: argparse.Namespace) -> None:
    if args.html is not None:
        write_page(args.html, overview.title, _format_overview(overview))
    if args.json:
        print_json(overview.describe())
    elif args.html is not None:
        _tell_of_page(args.html)
    else:
        overview.print()


def _tell_of_page(path: str) -> None:
    size = format_exact_size(os.stat(path).st_size)
    print_text(f"wrote {make_printable(path)}: {size}")


def _format_overview(overview: Overview) -> Iterator[str]:
    yield format_facts(overview.facts())
    yield from format_rows(*overview.file_table())
    yield from format_rows(*overview.dtype_table())
    infos: list[Info] = list(overview.infos)
    infos.sort(key=lambda info: natural_order(info.name))
    yield from format_rows(*make_tensor_table(infos, with_place=True))


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

    def format_page(self) -> Iterator[str]:
        """Gives them as HTML; errors go to standard error, too."""
        for shown in self:
            yield from format_tensor(shown)
            if shown.error:
                print_error(shown.error)
