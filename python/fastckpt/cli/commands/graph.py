"""Show a graph: what it takes and gives, what it is made of, its weights, what lacks.

PATH is a .meta file, a saved_model.pb or its folder, a bare .pb (a frozen graph), the
text form of these, or a checkpoint beside which a .meta file lies. The summary is
short; --all lists every signature, variable, constant, kind of node and function. In a
shape ? is a dimension that the graph leaves open, or that it does not tell. Nodes of a
function are not the graph's own: --function NAME shows one.
"""

from __future__ import annotations

import argparse

from fastckpt.cli.options import split_tags
from fastckpt.cli.render.graph_function import show_function
from fastckpt.cli.render.graph_node import show_node
from fastckpt.cli.render.graph_summary import show_summary
from fastckpt.cli.render.output import print_json, print_lines
from fastckpt.graph.meta_graph import MetaGraph

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments that are this command's own."""
    parser.add_argument("path", metavar="PATH", help="what holds the graph")
    parser.add_argument(
        "--text",
        action="store_true",
        help="the whole message in the text form of protocol buffers",
    )
    parser.add_argument(
        "--all", action="store_true", help="everything that is otherwise counted"
    )
    parser.add_argument("--node", metavar="NAME", help="all that is said of one node")
    parser.add_argument(
        "--function",
        metavar="NAME",
        help="what one function takes, gives and is made of; with --all each node",
    )
    parser.add_argument(
        "--tags", metavar="A,B", help="which of a SavedModel's graphs, by all its tags"
    )


def run(args: argparse.Namespace) -> int:
    """Shows what was asked for."""
    meta = MetaGraph.read(args.path, tags=split_tags(args.tags))
    if args.node is not None:
        show_node(meta, args.node, args.json)
    elif args.function is not None:
        show_function(meta, args.function, args.json, args.all)
    elif not args.text:
        show_summary(meta, args.json, args.all)
    elif args.json:
        print_json({"path": meta.path, "text": meta.to_text()})
    else:
        print_lines(meta.to_text().splitlines())
    return 0
