"""Make one file of a graph and its checkpoint, with constants for the variables.

The file is what TensorFlow's freeze_graph writes: a GraphDef with the nodes that the
outputs need. Without --outputs it takes those of the graph's signature, or else the
nodes that nobody reads.
"""

from __future__ import annotations

import argparse

from fastckpt.base.text import escape, format_count, format_exact_size
from fastckpt.cli.options import add_path_argument, noticed_missing_files, split_tags
from fastckpt.cli.render.output import print_json, print_text
from fastckpt.cli.render.progress import Progress
from fastckpt.cli.targets import check_file_target
from fastckpt.cli.written import noted_warnings
from fastckpt.graph.freeze.freeze import FreezeReport, freeze

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments that are this command's own."""
    add_path_argument(parser)
    parser.add_argument(
        "--outputs", metavar="A,B", help="the names of the output nodes"
    )
    parser.add_argument("--to", metavar="FILE", required=True, help="the file to write")
    parser.add_argument(
        "--meta",
        metavar="FILE",
        help="the graph, if it is neither beside the checkpoint nor around it",
    )
    parser.add_argument(
        "--keep-devices",
        action="store_true",
        help="leave the devices that nodes ask for",
    )
    parser.add_argument(
        "--averages",
        action="store_true",
        help="freeze the moving averages of the variables that have one",
    )
    parser.add_argument(
        "--tags", metavar="A,B", help="which of a SavedModel's graphs, by all its tags"
    )
    for option, text in (
        ("--whitelist", "freeze these variables only"),
        ("--blacklist", "leave these variables as they are"),
    ):
        parser.add_argument(option, metavar="A,B", help=text)


def run(args: argparse.Namespace) -> int:
    """Writes the file."""
    check_file_target(args.to, "GraphDef, in binary", "pb", "bin")
    with (
        noticed_missing_files(args.path),
        noted_warnings(),
        Progress(f"writing {args.to}") as progress,
    ):
        report = freeze(
            args.path,
            args.outputs,
            to=args.to,
            meta=args.meta,
            clear_devices=not args.keep_devices,
            whitelist=_split(args.whitelist),
            blacklist=_split(args.blacklist),
            averages=args.averages,
            tags=split_tags(args.tags),
            threads=args.threads,
            progress=progress,
        )
    if args.json:
        print_json(_describe(report))
    else:
        print_text(_format(report), 2, [escape(report.path)])
    return 0


def _split(names: str | None) -> list[str] | None:
    return None if names is None else [name.strip() for name in names.split(",")]


def _describe(report: FreezeReport) -> dict[str, object]:
    return {
        "path": report.path,
        "outputs": report.outputs,
        "nodes": report.nodes,
        "variables": report.variables,
        "nbytes": report.nbytes,
    }


def _format(report: FreezeReport) -> str:
    variables = format_count(report.variables, "variable")
    return (
        f"{escape(report.path)}: {format_count(report.nodes, 'node')}, "
        f"{variables} as constants, {format_exact_size(report.nbytes)}; "
        f"outputs: {', '.join(map(escape, report.outputs))}"
    )
