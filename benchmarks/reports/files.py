"""Reports on the disk: read with one clear line where they are none, written whole."""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

__all__ = [
    "Refusal",
    "printable",
    "read_report",
    "refuse_unwritable",
    "words_of",
    "write_json",
    "write_text",
]


class Refusal(Exception):
    """Ends the program with one line for the user."""

    def __init__(self, text: str, status: int = 2) -> None:
        super().__init__(text)
        self.status = status


def printable(text: str) -> str:
    """Gives text that a terminal shows and does not obey: paths may hold anything."""
    return "".join(
        sign
        if sign.isprintable() or sign == "\n"
        else sign.encode("unicode_escape").decode()
        for sign in text
    )


def words_of(error: OSError) -> str:
    """Gives what the system said, and of which file."""
    return f"{error.filename}: {error.strerror}" if error.filename else str(error)


def refuse_unwritable(folder: Path, option: str) -> None:
    """Makes sure that files can be made in a folder, which is made if it is not there.

    Raises:
        Refusal: They cannot.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise Refusal(f"{words_of(error)}; {option} names another folder") from error


_ROW = {"name", "title", "unit", "samples", "goals", "gives", "missing", "busy"}


def _is_row(row: Any) -> bool:
    """Whether a row has what every reader of reports asks for."""
    return (
        isinstance(row, dict)
        and row.keys() >= _ROW
        and isinstance(row["samples"], dict)
        and all(
            isinstance(samples, list)
            and all(type(sample) in (int, float) for sample in samples)
            for samples in row["samples"].values()
        )
    )


def read_report(path: Path) -> dict[str, Any]:
    """Reads a report of `run` or of `mine`.

    Raises:
        Refusal: It cannot be read, or is something else.
    """
    try:
        report = json.loads(path.read_bytes())
    except OSError as error:
        raise Refusal(f"{words_of(error)}; python -m benchmarks writes one") from error
    except (ValueError, RecursionError) as error:
        raise Refusal(f"{path}: no report: {error}") from error
    if not isinstance(report, dict) or not isinstance(report.get("rows"), list):
        raise Refusal(f"{path}: no report of these benchmarks: it has no rows")
    if not isinstance(report.get("conditions"), dict):
        raise Refusal(f"{path}: no report of these benchmarks: it has no conditions")
    if not all(map(_is_row, report["rows"])):
        raise Refusal(f"{path}: no report of these benchmarks: a row lacks samples")
    return report


def write_text(path: Path, text: str) -> None:
    """Writes a file whole or not at all, with its folder.

    Raises:
        Refusal: It cannot be written.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Names of tensors and files may be no UTF-8.
        part.write_bytes(text.encode("utf-8", "backslashreplace"))
        os.replace(part, path)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        raise Refusal(f"{words_of(error)}; --out names another folder") from error


def write_json(path: Path, values: Any) -> None:
    """Writes values as JSON."""
    write_text(path, json.dumps(values, indent=1))
