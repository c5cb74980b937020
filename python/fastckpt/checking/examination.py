"""What was found out about a checkpoint or a folder, as plain values."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field

from fastckpt.checking.leftovers import UnfinishedSave
from fastckpt.checking.stamps import Stamp
from fastckpt.checking.unfinished import is_recoverable, note_of
from fastckpt.reading.causes import Cause
from fastckpt.reading.results import Finding

__all__ = ["Examination", "list_renamed"]


@dataclass
class Examination:
    """What was found out about a checkpoint, or about a folder.

    Attributes:
        path: The checkpoint's prefix, or the folder.
        format: "v1" or "v2"; None: a folder, or what cannot be opened.
        tensors: How many there are.
        findings: What is wrong; of a folder with any checkpoint in it, too.
        lost: The names of the tensors that cannot be read as the files are.
        notes: What is odd and does no harm.
        recoverable: Of the notes, saves that did not finish and are complete; the
            note of each has the path of its first file.
        examined: Of a folder, what was found out about each checkpoint in it, and at
            last about what lies beside them.
        newest: Of a folder, the newest checkpoint that has tensors and with which
            nothing is wrong; None where there is none.
    """

    path: str
    format: str | None = None
    tensors: int = 0
    findings: list[Finding] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)
    recoverable: list[UnfinishedSave] = field(default_factory=list)
    examined: list[Examination] = field(default_factory=list)
    newest: str | None = None
    # What the newest's files were when they were looked at.
    _stamp: Stamp = field(default=(), repr=False, compare=False)

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings

    def include(self, parts: Iterable[Examination]) -> None:
        """Adds the parts of a folder."""
        lost = dict.fromkeys(self.lost)
        for part in parts:
            self.examined.append(part)
            self.tensors += part.tensors
            self.findings += part.findings
            lost.update(dict.fromkeys(part.lost))
            self.notes += part.notes
            self.recoverable += part.recoverable
        self.lost = list(lost)

    def note(self, saves: Iterable[UnfinishedSave], told: Iterable[Finding]) -> None:
        """Notes what saves left, but for files that findings told of tell already."""
        renamed = list_renamed(told)
        left = [
            it
            for it in saves
            if it.parts or not renamed.issuperset(map(os.path.abspath, it.files))
        ]
        self.notes += map(note_of, left)
        self.recoverable += filter(is_recoverable, left)


def list_renamed(told: Iterable[Finding]) -> set[str]:
    """Gives the absolute paths of files that findings tell are others' files."""
    return {
        os.path.abspath(it.path)
        for it in told
        if it.path and it.cause == Cause.RENAMED_FILE
    }
