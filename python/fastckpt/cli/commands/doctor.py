"""Tell what is wrong with a checkpoint, or with a folder of them, and what to do.

Opens and verifies every checkpoint that PATH names. Of a folder also the state file,
data files without an index and what saves that were cut short left are looked at, and
of the latter how complete they are and how to have them back. For each problem the
file, the tensor, the byte and what to do; at last, how many tensors are sound, and the
command that saves them. Nothing that is advised writes over a file or deletes one. With
--values tensors with NaN or infinities are told, too. With --save everything that can
be proved sound becomes a new checkpoint, of a damaged index, too. Of a folder the
newest sound checkpoint is named; with --point its state file is made to name that, and
the old one stays as checkpoint.before. Exit status 0: nothing is wrong, or nothing any
more, or all of it was saved; 1: something is, or was lost; 2: with --save nothing can
be had, with --point no checkpoint is sound.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from typing import Any

from fastckpt import Examination, Finding, examine
from fastckpt.base.text import format_count, make_printable
from fastckpt.checking.pointing import Pointed, point_at_newest
from fastckpt.checking.unfinished import RECOVER
from fastckpt.cli.errors import BROKEN, USAGE, UsageError
from fastckpt.cli.options import add_path_argument
from fastckpt.cli.recovery import advise_recovery, choose_free
from fastckpt.cli.render.output import paint, print_json, print_sentences
from fastckpt.cli.render.progress import Progress
from fastckpt.cli.salvaging import add_save_arguments, save
from fastckpt.files.shell import quote
from fastckpt.files.urls import remote_url, source_path, told_name
from fastckpt.reading.causes import Cause

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments that are this command's own."""
    add_path_argument(parser)
    parser.add_argument(
        "--values", action="store_true", help="look for NaN and infinities, too"
    )
    parser.add_argument(
        "--point",
        action="store_true",
        help="make the folder's state file name its newest sound checkpoint",
    )
    add_save_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Examines and reports, or saves."""
    if args.save is not None:
        if args.point:
            raise UsageError("--save and --point are two calls")
        return save(args)
    if args.trust_sibling is not None:
        raise UsageError("--trust-sibling goes with --save TARGET")
    if args.point:
        _check_folder(args.path)
    with Progress("verifying") as progress:
        found = examine(args.path, args.values, threads=args.threads, progress=progress)
    examined = found.examined or [found]
    pointed = point_at_newest(found) if args.point else None
    if args.json:
        print_json(
            {
                "path": told_name(args.path),
                "ok": found.ok,
                "newest": found.newest,
                "pointed": pointed and pointed._asdict(),
                "examined": list(map(_describe, examined)),
            }
        )
    else:
        for examination in examined:
            print_sentences(_format(examination), _list_paths(examination))
        print_sentences(_format_newest(found, args.point, pointed), _list_paths(found))
    return _find_status(found, args.point, pointed)


def _list_paths(examination: Examination) -> set[str]:
    """Gives the paths that may stand in what is said, which are not to be broken."""
    told = [*examination.findings, *examination.notes]
    paths = {examination.path, examination.newest, *(it.path for it in told)}
    return {make_printable(path) for path in paths if path}


def _check_folder(path: str) -> None:
    place = os.fsdecode(source_path(path))
    if not os.path.isdir(place) or os.path.isfile(f"{place}.index"):
        raise UsageError(f"{path}: --point is for a folder of checkpoints")


def _find_status(found: Examination, point: bool, pointed: Pointed | None) -> int:
    if point and pointed is None:
        return USAGE
    is_mended = pointed is not None and pointed.is_changed
    wrong = [
        it for it in found.findings if not (is_mended and it.cause == Cause.STATE_FILE)
    ]
    return BROKEN if wrong else 0


def _format_newest(
    found: Examination, point: bool, pointed: Pointed | None
) -> Iterator[str]:
    """Names the newest sound checkpoint of a folder where it is not the only one."""
    if found.newest is None:
        if point or (found.examined and not found.ok):
            yield f"no checkpoint here is sound: {make_printable(found.path)}"
        return
    if found.ok and len(found.examined) < 3 and not point:
        return
    yield f"the newest sound checkpoint is {make_printable(found.newest)}"
    if pointed is not None:
        yield from _format_pointed(pointed)
    elif any(it.cause == Cause.STATE_FILE for it in found.findings):
        yield "to make the state file name it, when nothing saves here any more:"
        yield f"    fastckpt doctor --point {quote(found.path)}"


def _format_pointed(pointed: Pointed) -> Iterator[str]:
    path = make_printable(pointed.path)
    if not pointed.is_changed:
        yield f"{path} names it already, and is as it was"
        return
    kept = (
        f"; the old one is {make_printable(pointed.before)}" if pointed.before else ""
    )
    yield f"{path} names it now{kept}"
    for name in pointed.dropped:
        yield f"  no more in its list, gone or damaged: {make_printable(name)}"


def _describe(examination: Examination) -> dict[str, Any]:
    return {
        "path": examination.path,
        "format": examination.format,
        "tensors": examination.tensors,
        "lost": examination.lost,
        "problems": [_describe_finding(it, []) for it in examination.findings],
        "notes": [_describe_finding(*it) for it in _add_commands(examination)],
    }


def _describe_finding(finding: Finding, commands: list[str]) -> dict[str, Any]:
    (tensor,) = finding.tensors if len(finding.tensors) == 1 else (None,)
    return {**finding._asdict(), "tensor": tensor, "commands": commands}


def _add_commands(examination: Examination) -> Iterator[tuple[Finding, list[str]]]:
    """Gives the notes, and the commands that do what is advised."""
    saves = iter(examination.recoverable)
    taken: set[str] = set()
    for note in examination.notes:
        if note.advice == RECOVER:
            # A folder may have what is left of several saves; both are in one order.
            advice, commands = advise_recovery(next(saves), taken)
            yield note._replace(advice=advice), commands
        else:
            yield note, []


def _format(examination: Examination) -> Iterator[str]:
    is_folder = examination.format is None and not examination.findings
    if is_folder and not examination.notes:
        return
    yield f"{make_printable(examination.path)}: {_format_verdict(examination)}"
    for finding in examination.findings:
        yield from _format_finding(finding)
    for note, commands in _add_commands(examination):
        yield from _format_finding(note, "note: ")
        yield from (f"      {command}" for command in commands)
    if examination.lost or (examination.format is None and examination.findings):
        yield from _format_salvage(examination)


def _format_verdict(examination: Examination) -> str:
    count = len(examination.findings)
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
        yield f"    {paint(make_printable(finding.advice), 'dim')}"


def _format_salvage(examination: Examination) -> Iterator[str]:
    if os.path.isdir(examination.path):
        return
    if remote_url(examination.path) is not None:
        yield "  to save what is sound of it copy its files here first"
        return
    path = quote(examination.path)
    target = quote(_name_target(examination.path))
    sound = examination.tensors - len(examination.lost)
    if examination.format is None:
        yield "  what of it can be proved sound is saved by:"
    elif sound:
        yield f"  {sound:,} of {examination.tensors:,} tensors are sound; to save them:"
    else:
        yield "  no tensor can be saved from these files"
        return
    yield f"    fastckpt doctor {path} --save {target}"
    if examination.lost and "-?????-of-" in os.path.basename(examination.path):
        yield (
            "    that leaves out what one of the files may have whole: a copy of it "
            "under another name opens alone"
        )


def _name_target(path: str) -> str:
    folder, base = os.path.split(path)
    return choose_free(os.path.join(folder, base.split("-?????-of-")[0]), "sound")
