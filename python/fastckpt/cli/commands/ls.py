r"""List the tensors of a checkpoint: name, dtype, shape, size.

Reads the index alone and no data file; of .npz and .safetensors the headers. A
PATTERN is a name or a shell pattern whose * also matches /, such as 'dense/*'. Control
characters, bytes that are no UTF-8 and backslashes in names are escaped; what is
printed can be typed as a PATTERN again.

A checkpoint of TensorFlow 2 has keys for names, and --objects shows what people call
the tensors beside these: 'model/dense/kernel'. A PATTERN means what it fits by either,
and a path may be typed for a key. Both read the object graph, one tensor of a data
file; where that file is missing or cut the keys are listed all the same, and it is
said.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from fastckpt.base.text import escape, format_count, format_exact_size, natural_order
from fastckpt.cli.errors import BROKEN, UsageError, explain_error
from fastckpt.cli.options import READ_TOO, add_path_argument, open_any
from fastckpt.cli.render.describe import (
    Info,
    describe_tensor,
    find_damaged,
    sum_tensors,
    summarize,
)
from fastckpt.cli.render.output import (
    print_error,
    print_json,
    print_note,
    print_table,
    print_text,
)
from fastckpt.cli.render.tensor_table import make_tensor_table
from fastckpt.cli.render.tree import TensorTree
from fastckpt.cli.select import NO_PATHS, TypedNames

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments that are this command's own."""
    add_path_argument(parser, more=READ_TOO)
    parser.add_argument(
        "patterns", metavar="PATTERN", nargs="*", default=[], help="which tensors"
    )
    parser.add_argument(
        "--sort",
        choices=("name", "size", "offset"),
        default="name",
        help="by name (default), by size with the largest first, or as they lie",
    )
    parser.add_argument(
        "--objects",
        action="store_true",
        help="what people call the tensors, and their keys",
    )
    parser.add_argument(
        "--tree", action="store_true", help="by scope, each with its size"
    )


def run(args: argparse.Namespace) -> int:
    """Lists what was asked for."""
    if args.tree and args.sort != "name":
        raise UsageError("--tree is sorted by name in each scope; leave out --sort")
    with open_any(args.path, args) as checkpoint:
        typed = TypedNames(checkpoint)
        infos: list[Info] = list(checkpoint.infos())
        if args.patterns:
            chosen = set(typed.choose(args.patterns))
            infos = [info for info in infos if info.name in chosen]
        human = typed.human if args.objects else None
        problem = typed.problem if args.objects else None
        is_lost = problem is not None and typed.is_out_of_reach()
        paths = human.paths if human else {}
        if not args.json:
            infos.sort(key=lambda info: natural_order(paths.get(info.name, info.name)))
        infos = _sort(infos, args.sort)
        damaged = find_damaged(checkpoint, infos)
        summary = summarize(checkpoint, infos)
        is_all = len(infos) == len(checkpoint)
        is_doubtful = typed.is_doubtful
    tree = TensorTree(infos, human.parts if human else None) if args.tree else None
    told = f"{NO_PATHS}: {explain_error(problem)[0]}" if problem else None
    if args.json:
        described = _describe(infos, paths, args.objects, tree)
        if args.objects:
            described["objects_problem"] = told
        print_json({**summary, **described})
    else:
        if args.objects and human is None and problem is None:
            print_note("there is no object graph: the names are all that there is")
        with_place = args.sort == "offset"
        table = (
            tree.make_table() if tree else make_tensor_table(infos, with_place, paths)
        )
        print_table(*table)
        print_text(_format_total(infos, is_all))
    for info in damaged:
        print_error(f"tensor '{escape(info.name)}': {info.problem}")
    if told:
        (print_note if is_lost else print_error)(told)
    is_broken = damaged or is_doubtful or (problem and not is_lost)
    return BROKEN if is_broken else 0


def _describe(
    infos: Sequence[Info],
    paths: dict[str, str],
    with_paths: bool,
    tree: TensorTree | None,
) -> dict[str, Any]:
    tensors = list(map(describe_tensor, infos))
    if with_paths:
        tensors = [{"path": paths.get(it["name"]), **it} for it in tensors]
    return (
        {"tensors": tensors}
        if tree is None
        else {
            "scopes": tree.describe(),
            "tensors": tensors,
        }
    )


def _sort(infos: Sequence[Info], order: str) -> list[Info]:
    """Sorts; by name they are already."""
    if order == "size":
        return sorted(infos, key=lambda info: -(info.nbytes or 0))
    if order == "offset":
        if infos and all(info.offset is None for info in infos):
            print_note("these tensors have no offset of their own; they stay in order")
        return sorted(infos, key=_place)
    return list(infos)


def _place(info: Info) -> tuple[bool, int, int]:
    """Orders by shard and offset, then what has none (V1, partitioned tensors)."""
    if info.shard is None or info.offset is None:
        return True, 0, 0
    return False, info.shard, info.offset


def _format_total(infos: Sequence[Info], is_all: bool) -> str:
    total = sum_tensors(infos)
    unknown = sum(info.nbytes is None for info in infos)
    parts = [
        format_count(total["tensors"], "tensor") + ("" if is_all else " chosen"),
        format_count(total["values"], "value"),
        format_exact_size(total["nbytes"]),
    ]
    if unknown:
        parts.append(f"{unknown:,} of unknown size")
    return ", ".join(parts)
