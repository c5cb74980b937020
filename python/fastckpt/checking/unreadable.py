"""Which tensors cannot be read, and why, in one pass over everything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastckpt.checking.other_files import verify_file
from fastckpt.errors import CheckpointError
from fastckpt.formats.lazy_tensors import LazyTensors

if TYPE_CHECKING:
    from fastckpt.formats.opened import Source

__all__ = ["UNREADABLE", "find_unreadable"]

UNREADABLE = (CheckpointError, FileNotFoundError)
"""What is raised of such a tensor, and leaves the others readable."""


def find_unreadable(source: Source, threads: int | None) -> dict[str, str]:
    """Gives {name: error} of the tensors that cannot be read.

    Args:
        source: An open checkpoint, or a file of another format.
        threads: As in ``statistics``.
    """
    try:
        if isinstance(source, LazyTensors):
            report = verify_file(source)
        else:
            report = source.verify(threads=threads)
    except UNREADABLE:
        return {}
    bad = {name: it.message for it in report.findings for name in it.tensors}
    named = {it.tensor: it.message for it in report.problems if it.tensor is not None}
    return {**bad, **named}
