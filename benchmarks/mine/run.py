"""Measures somebody's own checkpoint from the first look to the last file written."""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from subprocess import CalledProcessError
from time import sleep
from typing import Any

from benchmarks.contenders.peers import PEERS
from benchmarks.data.facts import in_bytes
from benchmarks.machine import quiet
from benchmarks.machine.conditions import refuse_debug_build, versions_and_machine
from benchmarks.machine.needs import available_cpus
from benchmarks.mine.advice import advise
from benchmarks.mine.rows import needless, rows_of
from benchmarks.mine.subject import Subject, examine, prepare, refuse_folder
from benchmarks.reports import page
from benchmarks.reports.files import (
    Refusal,
    printable,
    refuse_unwritable,
    words_of,
    write_json,
    write_text,
)
from benchmarks.reports.markdown import busy_mark, format_amount, label_of, title_of
from benchmarks.rows.row import Context, Measured, Row
from benchmarks.timing import judge
from benchmarks.timing.process import Ended, WrongBytes
from benchmarks.timing.turns import run_row

__all__ = ["SCHEMA", "run"]

SCHEMA = "fastckpt-benchmarks/mine/1"

_TRIES = 50


def _peers(names: str) -> list[str]:
    if names in ("all", "none"):
        return list(PEERS) if names == "all" else []
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    if unknown := [name for name in wanted if name not in PEERS]:
        raise Refusal(
            f"no such peer: {', '.join(unknown)}; there are: {', '.join(PEERS)}"
        )
    return wanted


def _log(text: str) -> None:
    print(printable(text), file=sys.stderr, flush=True)


def _remove(folder: Path) -> None:
    """Removes a folder into which a child may still be writing; it ends soon."""
    for _ in range(_TRIES):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        sleep(0.1)


@contextmanager
def _temporary(parent: Path) -> Iterator[Path]:
    """Gives a folder that is gone at the end, on SIGTERM and SIGHUP too."""
    folder = parent / f"fastckpt-mine-{secrets.token_hex(8)}"

    def end(number: int, _: object) -> None:
        # No exception: one that rises where Python is cleaning up is forgotten.
        _remove(folder)
        os._exit(128 + number)

    before = {
        sent: signal.signal(sent, end) for sent in (signal.SIGTERM, signal.SIGHUP)
    }
    try:
        folder.mkdir(mode=0o700)
        yield folder
    except OSError as error:
        raise Refusal(words_of(error)) from error
    finally:
        _remove(folder)
        for sent, handler in before.items():
            signal.signal(sent, handler)


def _rows(rows: list[Row], names: str) -> list[Row]:
    """Gives those that are named, all for "".

    Raises:
        Refusal: A name that none has.
    """
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    known = [row.name for row in rows]
    if unknown := [name for name in wanted if name not in known]:
        raise Refusal(
            f"no such row here: {', '.join(unknown)}; there are: {', '.join(known)}"
        )
    return [row for row in rows if not wanted or row.name in wanted]


def _only_cold(measured: Measured, stored: int) -> Measured:
    """Takes away the times of cold runs that were none."""
    if (measured.resident or 0) * 100 <= stored:
        return measured
    why = "the page cache keeps its file: this file system does not let go of it"
    missing = {**measured.missing, **dict.fromkeys(measured.samples, why)}
    return Measured({}, missing=missing)


def _measure(
    folder: Path, subject: Subject, options: argparse.Namespace
) -> list[dict[str, Any]]:
    data = prepare(folder, subject)
    context = Context(data, "", options.repeats, available_cpus())
    found = []
    for row in _rows(rows_of(subject, options.chosen, folder), options.rows):
        busy = quiet.wait_until_quiet(0)
        try:
            measured = run_row(row, context)
        except WrongBytes as error:
            raise Refusal(f"{row.name}: {error}; no time counts", 1) from error
        except (Ended, CalledProcessError) as error:
            raise Refusal(f"{row.name}: {error}; did the file change?", 1) from error
        measured = _only_cold(measured, subject.entry["stored"])
        judged = judge.of_row(row, measured, {})
        found.append(judged | {"busy": busy, "share": None, "measure": row.measure})
        _log(f"{row.name}: {', '.join(_medians(found[-1]))}")
    return found


def _medians(row: dict[str, Any]) -> list[str]:
    words = [
        f"{label_of(row, label)} "
        f"{format_amount(median(samples), row['unit'])}{busy_mark(row)}"
        for label, samples in row["samples"].items()
        if samples
    ]
    return words + [f"{label}: {why}" for label, why in row["missing"].items()]


def _report(
    subject: Subject, rows: list[dict[str, Any]], scratch: Path
) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "command": f"python -m benchmarks mine {subject.entry['path']}",
        "checkpoint": {
            "path": subject.entry["path"],
            "format": subject.explanation.format,
            "tensors": len(subject.entry["names"]),
            "nbytes": subject.nbytes,
            "digest": subject.entry["digest"],
            "left out": subject.left,
            "unaligned": subject.unaligned,
            "data files": len(subject.entry["files"]),
            "file system": subject.explanation.filesystem,
            "io": f"{subject.explanation.io}: {subject.explanation.reason}",
        },
        "conditions": versions_and_machine()
        | {
            "busy": sorted({reason for row in rows for reason in row["busy"]}),
            "data": {"nbytes": subject.nbytes},
        },
        "rows": rows,
        "advice": [
            advice._asdict()
            for advice in advise(
                rows, subject.explanation.io, needless(subject, scratch)
            )
        ],
    }


def _summary(report: dict[str, Any]) -> Iterator[str]:
    found = report["checkpoint"]
    size = in_bytes(found["nbytes"])
    yield f"{found['path']}: {found['format']}, {found['tensors']} tensors, {size}"
    yield f"{found['file system']}, io {found['io']}"
    for why, count in found["left out"].items():
        yield f"measured by nobody: {count} tensors ({why})"
    for row in report["rows"]:
        yield f"\n{row['name']}: {title_of(row)}"
        yield from (f"  {line}" for line in _medians(row))
    yield "\nWhat would make it faster:"
    yield from (f"  {advice['text']}" for advice in report["advice"])


def _out(options: argparse.Namespace, subject: Subject) -> None:
    """Refuses folders that cannot be, before anything is measured."""
    refuse_folder(options.out, subject, "--out")
    refuse_folder(options.scratch, subject, "--scratch")
    refuse_unwritable(options.out, "--out")
    refuse_unwritable(options.scratch, "--scratch")


def run(options: argparse.Namespace) -> int:
    """Measures, says, writes; gives the exit status.

    Raises:
        Refusal: The checkpoint or a folder cannot be used.
    """
    refuse_debug_build()
    options.chosen = _peers(options.peers)
    # The children work in a folder of their own.
    options.out, options.scratch = options.out.absolute(), options.scratch.absolute()
    subject = examine(options.checkpoint)
    _out(options, subject)
    with _temporary(options.scratch) as folder:
        _log(
            f"files of other formats and copies are made in {folder} and removed at "
            "the end"
        )
        report = _report(subject, _measure(folder, subject, options), folder)
    write_json(options.out / "mine.json", report)
    write_text(
        options.out / "mine.html", page.of_report(report, "A checkpoint, measured")
    )
    print(printable("\n".join(_summary(report))))
    print(f"\nwrote {options.out / 'mine.json'} and mine.html", flush=True)
    return 0
