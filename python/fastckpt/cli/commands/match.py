"""Plan which tensor of a checkpoint becomes which parameter of a model.

The parameters are a JSON file, {name: shape}, or a .safetensors file, of which only the
header is read. What the rules do not fit is proposed by names and shapes; nothing is
guessed between equals. --to-rules prints the plan as rules that give it again.

The status is 0 if the plan is finished: every parameter has one source, and every
tensor is used or left out; 1 if it is not; 2 if something cannot be read.
"""

from __future__ import annotations

import argparse
import json
from typing import Any

from fastckpt import Rules, match
from fastckpt.cli.errors import UsageError
from fastckpt.cli.options import add_path_argument, open_checkpoint
from fastckpt.cli.render.output import print_json, print_lines, print_sentences
from fastckpt.files.urls import public_name, remote_url, source_path, told_name
from fastckpt.formats.endings import find_file_format
from fastckpt.formats.opened import open_tensors
from fastckpt.formats.safetensors import read
from fastckpt.matching.plan import MatchPlan

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments that are this command's own."""
    add_path_argument(parser)
    parser.add_argument(
        "shapes",
        metavar="SHAPES",
        help="a .json of {name: shape}; a .safetensors, also by its URL",
    )
    parser.add_argument("--rules", metavar="FILE", help="what is known beforehand")
    parser.add_argument(
        "--to-rules", action="store_true", help="print the plan as rules"
    )


def run(args: argparse.Namespace) -> int:
    """Prints the plan."""
    shapes = _read_shapes(args.shapes)
    rules = None if args.rules is None else _read_rules(args.rules)
    with open_checkpoint(args.path, args) as checkpoint:
        plan = match(checkpoint, shapes, rules)
        if args.json:
            print_json(_describe(args, plan))
        else:
            text = str(plan.to_rules() if args.to_rules else plan)
            lines = text.removesuffix("\n").split("\n")
            if args.to_rules:  # to be copied
                print_lines(lines)
            else:
                print_sentences(lines, filter(_has_blank, (*checkpoint, *shapes)))
    return 0 if plan.is_finished else 1


def _read_rules(path: str) -> Rules:
    with open(path, "rb") as file:
        text = file.read().decode("utf-8-sig", "surrogateescape")
        try:
            return Rules.parse(text)
        except ValueError as error:
            raise UsageError(f"{path}: {error}") from None


def _read_shapes(path: str) -> dict[str, Any]:
    if find_file_format(public_name(path)) == "safetensors":
        with open_tensors(path) if remote_url(path) else read(path) as tensors:
            return {info.name: info.shape for info in tensors.infos()}
    path = source_path(path)
    with open(path, "rb") as file:
        try:
            shapes = json.load(file, object_pairs_hook=_check_once)
        except ValueError as error:
            raise UsageError(f"{path}: no JSON that can be used: {error}") from None
    if not isinstance(shapes, dict) or not all(map(_is_shape, shapes.values())):
        raise UsageError(f'{path}: not of the form {{"name": [768, 768]}}')
    return shapes


def _check_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands there twice")
    return found


def _has_blank(name: str) -> bool:
    return " " in name


def _is_shape(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(size, int) and not isinstance(size, bool) and size >= 0
        for size in value
    )


def _describe(args: argparse.Namespace, plan: MatchPlan) -> dict[str, Any]:
    pairs = {
        target: {"sources": [*pair.sources], "steps": [*map(str, pair.steps)]}
        for target, pair in plan.pairs.items()
    }
    return {
        "path": told_name(args.path),
        "finished": plan.is_finished,
        "pairs": pairs,
        "ambiguous": plan.ambiguous,
        "missing": plan.missing,
        "unused": plan.unused,
        "untouched": plan.untouched,
        "left_out": plan.left_out,
        "misfits": plan.misfits,
        "proposed": plan.proposed,
        "idle": plan.idle,
        "rules": str(plan.to_rules()),
    }
