r"""List the tensors of a checkpoint: name, dtype, shape, size.

Reads the index alone, never a data file; of .npz and .safetensors the headers. A
PATTERN is a name or a shell pattern whose * also matches /, such as 'dense/*'. Control
characters, bytes that are no UTF-8 and backslashes in names are escaped; what is
printed can be typed as a PATTERN again.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from fastckpt.cli.errors import BROKEN
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
from fastckpt.cli.render.text import (
    escape,
    format_count,
    format_exact_size,
    natural_order,
)
from fastckpt.cli.select import select_names

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


def run(args: argparse.Namespace) -> int:
    """Lists what was asked for."""
    with open_any(args.path, args) as checkpoint:
        infos: list[Info] = list(checkpoint.infos())
        if args.patterns:
            chosen = set(select_names(checkpoint, args.patterns))
            infos = [info for info in infos if info.name in chosen]
        if not args.json:
            infos.sort(key=lambda info: natural_order(info.name))
        infos = _sort(infos, args.sort)
        damaged = find_damaged(checkpoint, infos)
        summary = summarize(checkpoint, infos)
        is_all = len(infos) == len(checkpoint)
    if args.json:
        print_json({**summary, "tensors": list(map(describe_tensor, infos))})
    else:
        print_table(*make_tensor_table(infos, with_place=args.sort == "offset"))
        print_text(_format_total(infos, is_all))
    for info in damaged:
        print_error(f"tensor '{escape(info.name)}': {info.problem}")
    return BROKEN if damaged else 0


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
