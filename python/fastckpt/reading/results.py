"""What calls report: plain values that pickle."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np

from fastckpt._native import TensorInfo
from fastckpt.base.deferred import importing

__all__ = [
    "Explanation",
    "Finding",
    "OpenFile",
    "Problem",
    "RemoteTraffic",
    "TensorInfo",
    "TensorLayout",
    "TensorPiece",
    "VerifyReport",
    "problem_of",
]


class Problem(NamedTuple):
    """One thing that is wrong with a checkpoint.

    Attributes:
        message: What was found, where, and what to do.
        path: The file, or None.
        offset: The byte offset in that file, or None.
        tensor: The tensor's name, or None.
    """

    message: str
    path: str | None
    offset: int | None
    tensor: str | None


def problem_of(error: Exception) -> Problem:
    """Gives the problem that an error tells of."""
    if isinstance(error, OSError):
        return Problem(str(error), error.filename, None, None)
    return Problem(
        str(error),
        getattr(error, "path", None),
        getattr(error, "offset", None),
        getattr(error, "tensor", None),
    )


class Finding(NamedTuple):
    """One thing that was found, whatever it spoils, by its cause.

    Attributes:
        cause: One of the words in `fastckpt.reading.causes`, a str.
        message: What was found, and where.
        advice: What to do; "" where there is nothing to be done.
        path: The file, or None.
        offset: The byte offset in that file, or None.
        tensors: The names of the tensors that it spoils, as far as they are known.
    """

    cause: str
    message: str
    advice: str
    path: str | None = None
    offset: int | None = None
    tensors: tuple[str, ...] = ()


class VerifyReport(NamedTuple):
    """What ``verify()`` found.

    Attributes:
        problems: Every problem, in the order of the tensors.
        bytes_checked: Bytes of blocks and tensors that were looked at.
        tensors_checked: The number of tensors.
        seconds: How long it took.
        findings: The problems by their causes, each once with all its tensors.
    """

    problems: list[Problem]
    bytes_checked: int
    tensors_checked: int
    seconds: float
    findings: list[Finding]

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems

    @property
    def lost(self) -> list[str]:
        """The names of the tensors that cannot be read as the files are."""
        names = (name for finding in self.findings for name in finding.tensors)
        return list(dict.fromkeys(names))

    def _repr_html_(self) -> str:
        with importing:
            from fastckpt.reading.cells import show_report

        return show_report(self)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        # IPython keeps this beside the HTML: never every problem.
        count = len(self.findings)
        found = "ok" if self.ok else f"{count:,} problem{'s' * (count != 1)}"
        printer.text(f"<fastckpt.VerifyReport: {found}>")


class TensorPiece(NamedTuple):
    """A part of a tensor: a dense C-ordered array in a file.

    Attributes:
        file: The file's path.
        offset: The first byte in the file.
        nbytes: Its size in bytes.
        begin: Where the part begins in the tensor, per dimension.
        extent: The shape of the part.
    """

    file: str
    offset: int
    nbytes: int
    begin: tuple[int, ...]
    extent: tuple[int, ...]


class TensorLayout(NamedTuple):
    """Where a tensor's bytes lie; together the pieces are the whole tensor."""

    dtype: np.dtype
    shape: tuple[int, ...]
    pieces: tuple[TensorPiece, ...]


class OpenFile(NamedTuple):
    """A data file that was opened: its size and, where it is mapped, how much
    of it the page cache holds (else None)."""

    path: str
    nbytes: int
    resident: int | None


class RemoteTraffic(NamedTuple):
    """What a checkpoint behind a URL has asked for since it was opened, here.

    Attributes:
        requests: For ranges of objects.
        metadata_requests: For what is known of objects: whether they are there, their
            sizes and versions.
        wanted: Bytes that were needed.
        fetched: Bytes that came: gaps between what was needed are read over where that
            saves requests.
    """

    requests: int
    metadata_requests: int
    wanted: int
    fetched: int


class Explanation(NamedTuple):
    """How bytes are read here, and why; ``str()`` gives it in words."""

    path: str
    format: str
    io: str
    reason: str
    filesystem: str
    verify: bool | Literal["whole"]
    threads: int
    crc32c: str
    tensors: int
    views: int
    files: tuple[OpenFile, ...]
    remote: RemoteTraffic | None = None

    def __str__(self) -> str:
        lines = [
            f"{self.path}: {self.format}, {self.tensors} tensors",
            f"io: {self.io}: {self.reason}",
            f"file system: {self.filesystem}",
            f"views: {self.views} of {self.tensors} tensors are views of the file; "
            "the others are copied",
            "checksums: " + (self._checks() if self.verify else "not looked at"),
            f"threads: {self.threads}, started for each call that has the work",
            "memory for copies: tensors of 1 MiB and more on their own, smaller ones "
            "in slabs of at most 4 MiB; 64-byte aligned, huge pages from 2 MiB",
        ]
        if (traffic := self.remote) is not None:
            lines.append(
                f"requests: {traffic.requests} for ranges, {traffic.metadata_requests} "
                f"for sizes and versions; {traffic.wanted} bytes wanted, "
                f"{traffic.fetched} fetched"
            )
            return "\n".join(lines)
        return "\n".join(lines + [self._file(file) for file in self.files])

    def _checks(self) -> str:
        how = (
            "what is read in full, parts of it are not checked"
            if self.verify == "whole"
            else "every stored piece once, whole copies every time"
        )
        return f"{how} ({self.crc32c})"

    @staticmethod
    def _file(file: OpenFile) -> str:
        if file.resident is None:
            return f"{file.path}: {file.nbytes} bytes, read with pread"
        return f"{file.path}: {file.nbytes} bytes, {file.resident} in the page cache"
