"""Tell what is wrong with a checkpoint, or with a folder of them, and what to do.

Opens and verifies every checkpoint that PATH names. Of a folder also the state file,
data files without an index and what saves that were cut short left are looked at, and
of the latter how complete they are and how to have them back. For each problem the
file, the tensor, the byte and what to do; at last, which tensors are sound, and how to
copy them. Nothing that is advised writes over a file or deletes one. Exit status 0:
nothing is wrong; 1: something is.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import shlex
from collections.abc import Iterator

from fastckpt.cli._errors import BROKEN
from fastckpt.cli._examination import Examination, Finding
from fastckpt.cli._folder_examination import examine
from fastckpt.cli._options import add_path_argument
from fastckpt.cli._output import paint, print_json, print_lines
from fastckpt.cli._progress import Progress
from fastckpt.cli._recovery import choose_free, quote
from fastckpt.cli._text import escape, format_count, make_printable
from fastckpt.urls import source_path

__all__ = ["add_arguments", "run"]

_MOST_DROPPED = 8
"""How many names a command that is proposed may have; more would not be read."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments that are this command's own."""
    add_path_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Examines and reports."""
    with Progress("verifying") as progress:
        examinations = examine(source_path(args.path), args, progress)
    is_sound = not any(it.problems for it in examinations)
    if args.json:
        found = list(map(dataclasses.asdict, examinations))
        print_json({"path": args.path, "ok": is_sound, "examined": found})
    else:
        for examination in examinations:
            print_lines(_format(examination))
    return 0 if is_sound else BROKEN


def _format(examination: Examination) -> Iterator[str]:
    is_folder = examination.format is None and not examination.problems
    if is_folder and not examination.notes:
        return
    yield f"{make_printable(examination.path)}: {_format_verdict(examination)}"
    for finding in examination.problems:
        yield from _format_finding(finding)
    for finding in examination.notes:
        yield from _format_finding(finding, "note: ")
    if examination.format is not None and examination.lost:
        yield from _format_salvage(examination)


def _format_verdict(examination: Examination) -> str:
    count = len(examination.problems)
    verdict = paint(format_count(count, "problem"), "bad")
    if not count:
        verdict = paint("sound" if examination.format else "odd", "good")
    if examination.format is None:
        return verdict
    tensors = format_count(examination.tensors, "tensor")
    return f"{verdict} ({examination.format}, {tensors})"


def _format_finding(finding: Finding, label: str = "") -> Iterator[str]:
    yield f"  {label}{make_printable(finding.message)}"
    if finding.advice:
        yield paint(f"    {make_printable(finding.advice)}", "dim")
    for command in finding.commands:
        yield f"      {command}"


def _format_salvage(examination: Examination) -> Iterator[str]:
    sound = examination.tensors - len(examination.lost)
    if not sound:
        yield "  no tensor can be saved from these files"
        return
    path = quote(examination.path)
    target = quote(_name_target(examination.path))
    yield f"  {sound:,} of {examination.tensors:,} tensors are sound; to copy them:"
    yield f"    fastckpt convert {path} {target} {_format_drop(examination.lost)}"
    if len(examination.lost) > _MOST_DROPPED:
        yield "    (--json lists the names to drop under 'lost')"


def _name_target(path: str) -> str:
    folder, base = os.path.split(path)
    return choose_free(os.path.join(folder, base.split("-?????-of-")[0]), "sound")


def _format_drop(names: list[str]) -> str:
    if len(names) > _MOST_DROPPED:
        return "--drop NAME ..."
    escaped = sorted(map(escape, names), key=lambda name: name.startswith("-"))
    plain = [shlex.quote(name) for name in escaped if not name.startswith("-")]
    # A name that begins like an option is none after a sign of equality.
    dashed = [f"--drop={shlex.quote(name)}" for name in escaped if name[:1] == "-"]
    return " ".join([*dashed, *(["--drop", *plain] if plain else [])])
