r"""Copy a checkpoint with other names.

A rule is 'OLD->NEW'. OLD is a name, or a pattern in which * stands for any text, {n}
for a number and {name} for one part of a path; the k-th of these in NEW stands for what
the k-th in OLD found: 'layer_{n}/*->layers/{n}/*'. With --regex OLD is a regular
expression, and each place where it is found becomes NEW, in which \1 is its first
group. The first rule that fits a name is the only one applied to it. Tensors whose
names fit no rule keep them. The object graph of a TensorFlow 2 checkpoint gets the new
names, too, so that tf.train.Checkpoint finds the values under them; its own tensor
keeps its name unless that is OLD.
"""

from __future__ import annotations

import argparse

from fastckpt import rewrite
from fastckpt.base.text import escape, format_count, natural_order
from fastckpt.cli.options import add_source_and_target, open_checkpoint
from fastckpt.cli.rename_rules import apply_rules
from fastckpt.cli.render.output import print_json, print_table, print_text
from fastckpt.cli.render.progress import Progress
from fastckpt.cli.targets import check_target
from fastckpt.cli.written import report_checkpoint
from fastckpt.files.urls import told_name
from fastckpt.objects.message import GRAPH_KEY

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments that are this command's own."""
    add_source_and_target(parser)
    parser.add_argument("rules", metavar="OLD->NEW", nargs="+", help="how to rename")
    parser.add_argument(
        "--regex", action="store_true", help="each OLD is a regular expression"
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="only show the table of names"
    )


def run(args: argparse.Namespace) -> int:
    """Copies under the new names."""
    check_target(args.target)
    with open_checkpoint(args.source, args, io="read") as checkpoint:
        names = list(checkpoint)
    is_meant = any(rule.startswith(f"{GRAPH_KEY}->") for rule in args.rules)
    meant = [name for name in names if name != GRAPH_KEY or is_meant]
    renamed = apply_rules(meant, args.rules, args.regex)
    if args.dry_run and args.json:
        print_json({"path": told_name(args.source), "renamed": renamed})
    elif args.dry_run:
        rows = [
            [escape(it), escape(renamed[it])]
            for it in sorted(renamed, key=natural_order)
        ]
        print_table(["old name", "new name"], rows)
    else:
        with Progress("writing") as progress:
            rewrite(
                args.source,
                args.target,
                rename=renamed,
                threads=args.threads,
                progress=progress,
            )
        report_checkpoint(args, args.target, renamed=renamed)
    if not args.json:
        print_text(f"{format_count(len(renamed), 'new name')}")
    return 0
