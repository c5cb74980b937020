"""Check every block of the index and every byte of every tensor.

Reports every problem, not just the first. Exit status 0: all is well; 1: something is
wrong with the checkpoint; 2: there is no such checkpoint, or it cannot be read.
"""

from __future__ import annotations

import argparse
from typing import Any

import fastckpt
from fastckpt import Finding, VerifyReport
from fastckpt.base.text import format_count, make_printable
from fastckpt.checking.other_files import verify_file
from fastckpt.cli.errors import BROKEN, UsageError
from fastckpt.cli.options import READ_TOO, add_path_argument, open_any
from fastckpt.cli.render.output import (
    paint,
    print_json,
    print_sentences,
    print_text,
)
from fastckpt.cli.render.progress import Progress
from fastckpt.files.urls import told_name
from fastckpt.formats.lazy_tensors import LazyTensors
from fastckpt.formats.opened import Source
from fastckpt.reading.results import problem_of
from fastckpt.reading.unopened import why_not_opened

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments that are this command's own."""
    add_path_argument(parser, more=READ_TOO)


def run(args: argparse.Namespace) -> int:
    """Checks the checkpoint and reports."""
    path, kind = told_name(args.path), None
    try:
        with open_any(args.path, args) as source:
            path, kind = source.path, source.format
            with Progress("verifying") as progress:
                report = _verify(source, progress)
    except fastckpt.CorruptionError as error:  # an index too damaged to be opened
        findings = [why_not_opened(path, error)]
        report = VerifyReport([problem_of(error)], 0, 0, 0.0, findings)
    if args.json:
        print_json({"path": path, "format": kind, **_describe(report)})
    else:
        places = {make_printable(it.path) for it in report.findings if it.path}
        print_sentences(map(_format_finding, report.findings), places)
        place = make_printable(path)
        print_text(f"{place}: {_format_verdict(report)}", 2, [place])
    return 0 if report.ok else BROKEN


def _verify(source: Source, progress: Progress) -> VerifyReport:
    if not isinstance(source, LazyTensors):
        return source.verify(progress=progress)
    try:
        return verify_file(source, progress)
    except fastckpt.UnsupportedError as error:  # nothing is wrong with it
        raise UsageError(str(error)) from error


def _describe(report: VerifyReport) -> dict[str, Any]:
    return {
        "ok": report.ok,
        "tensors": report.tensors_checked,
        "bytes_checked": report.bytes_checked,
        "seconds": report.seconds,
        "lost": report.lost,
        "problems": [problem._asdict() for problem in report.problems],
        "findings": [finding._asdict() for finding in report.findings],
    }


def _format_finding(finding: Finding) -> str:
    is_foreign = finding.cause == "foreign file"
    advice = f"; {finding.advice}" if is_foreign else ""
    return make_printable(finding.message + advice)


def _format_verdict(report: VerifyReport) -> str:
    verdict = paint("ok", "good")
    if not report.ok:
        verdict = paint(format_count(len(report.findings), "problem"), "bad")
        if lost := len(report.lost):
            verdict += f", {format_count(lost, 'tensor')} lost"
    tensors = format_count(report.tensors_checked, "tensor")
    size, seconds = report.bytes_checked, report.seconds
    speed = f" in {seconds:.2f} s ({size / seconds / 1e6:,.0f} MB/s)" if seconds else ""
    return f"{verdict}; {tensors}, {size:,} bytes checked{speed}"
