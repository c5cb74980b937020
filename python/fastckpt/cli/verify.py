"""Check every block of the index and every byte of every tensor.

Reports every problem, not just the first. Exit status 0: all is well; 1: something is
wrong with the checkpoint; 2: there is no such checkpoint, or it cannot be read.
"""

from __future__ import annotations

import argparse
import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

import fastckpt
from fastckpt.cli._errors import BROKEN
from fastckpt.cli._options import add_path_argument, open_checkpoint
from fastckpt.cli._output import paint, print_json, print_lines
from fastckpt.cli._progress import Progress
from fastckpt.cli._text import format_count, make_printable

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments that are this command's own."""
    add_path_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Checks the checkpoint and reports."""
    report = _verify(args)
    if args.json:
        print_json(report)
    else:
        print_lines(_format_report(report))
    return 0 if report["ok"] else BROKEN


def _verify(args: argparse.Namespace) -> dict[str, Any]:
    """Verifies; an index too damaged to be opened is a report of one problem."""
    try:
        with open_checkpoint(args.path, args) as checkpoint:
            with Progress("verifying") as progress:
                report = checkpoint.verify(threads=args.threads, progress=progress)
            head = {"path": checkpoint.path, "format": checkpoint.format}
            return {
                **head,
                "ok": report.ok,
                "tensors": len(checkpoint),
                "bytes_checked": report.bytes_checked,
                "seconds": report.seconds,
                "problems": [_describe_problem(p) for p in report.problems],
            }
    except fastckpt.CorruptionError as error:
        return {
            "path": args.path,
            "format": None,
            "ok": False,
            "tensors": 0,
            "bytes_checked": 0,
            "seconds": 0.0,
            "problems": [_describe_problem(error)],
        }


def _describe_problem(
    problem: fastckpt.Problem | fastckpt.CorruptionError,
) -> dict[str, Any]:
    message = getattr(problem, "message", None)
    return {
        "message": str(problem) if message is None else message,
        "path": problem.path,
        "offset": problem.offset,
        "tensor": problem.tensor,
    }


def _format_problems(problems: list[dict[str, Any]]) -> Iterator[str]:
    """Gives a line for each problem, but one for all tensors of a missing file."""
    missing = Counter(
        problem["path"] for problem in problems if _is_file_missing(problem)
    )
    for path, count in missing.items():
        tensors = format_count(count, "tensor")
        yield make_printable(f"{path}: this file is missing; it holds {tensors}")
    for problem in problems:
        if not _is_file_missing(problem):
            yield make_printable(problem["message"])


def _is_file_missing(problem: dict[str, Any]) -> bool:
    path = problem["path"]
    return path is not None and not os.path.lexists(path)


def _format_report(report: dict[str, Any]) -> Iterator[str]:
    yield from _format_problems(report["problems"])
    size, seconds = report["bytes_checked"], report["seconds"]
    done = f"{format_count(report['tensors'], 'tensor')}, {size:,} bytes checked"
    speed = f" in {seconds:.2f} s ({size / seconds / 1e6:,.0f} MB/s)" if seconds else ""
    verdict = paint("ok", "good")
    if not report["ok"]:
        verdict = paint(format_count(len(report["problems"]), "problem"), "bad")
    yield f"{make_printable(report['path'])}: {verdict}; {done}{speed}"
