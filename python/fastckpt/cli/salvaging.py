"""``doctor --save``: what is sound is written as a new checkpoint, and told."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import fastckpt
from fastckpt import SalvageReport
from fastckpt.base.text import escape, format_count, make_printable
from fastckpt.cli.errors import BROKEN, UsageError
from fastckpt.cli.render.output import paint, print_sentences
from fastckpt.cli.render.progress import Progress
from fastckpt.cli.targets import check_target
from fastckpt.cli.written import noted_warnings, report_checkpoint
from fastckpt.errors import CheckpointError
from fastckpt.reading.unopened import explain_data

__all__ = ["add_save_arguments", "save"]


def add_save_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments that say where to save, and by what."""
    parser.add_argument(
        "--save",
        metavar="TARGET",
        help="write everything that is sound as a new checkpoint under this prefix, "
        "which must be free; status 0: all of it, 1: something is lost or not proved, "
        "2: nothing can be had",
    )
    parser.add_argument(
        "--trust-sibling",
        metavar="PREFIX",
        help="with --save, where the index is lost: another save of the same tensors, "
        "whose names are taken unchecked",
    )


def save(args: argparse.Namespace) -> int:
    """Saves and reports.

    Raises:
        UsageError: Nothing can be had, or more is asked for than that.
    """
    if args.values:
        raise UsageError("--save does not look at values; leave --values out")
    check_target(args.save)
    try:
        with Progress("saving") as progress, noted_warnings():
            report = fastckpt.salvage(
                args.path,
                args.save,
                args.trust_sibling,
                threads=args.threads,
                progress=progress,
            )
    except CheckpointError as error:
        raise UsageError(explain_data(error)) from error
    facts = report._asdict()
    del facts["path"]
    if not args.json:
        names = {escape(name) for name in (*report.lost, *report.unproved)}
        kept = {it for it in names if " " in it} | {make_printable(report.source)}
        print_sentences(_format(report), kept)
    report_checkpoint(args, args.save, **facts)
    return 0 if report.ok else BROKEN


def _format(report: SalvageReport) -> Iterator[str]:
    yield f"source: {make_printable(report.source)}"
    for text in report.repaired:
        yield f"repaired: {make_printable(text)}"
    for what in sorted(set(report.unproved.values())):
        names = [name for name, it in report.unproved.items() if it == what]
        count = format_count(len(names), "tensor")
        yield paint(f"UNCHECKED: nothing proves {what} of {count}:", "bad")
        yield from (f"  {escape(name)}" for name in names)
    if report.lost:
        yield paint(f"lost: {format_count(len(report.lost), 'tensor')}:", "bad")
        yield from (f"  {escape(name)}" for name in report.lost)
    if not report.is_whole:
        yield "more may be lost than is named here"
