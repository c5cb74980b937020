"""Which tensors cannot be read, and why; and what is found of the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from fastckpt.checking.other_files import verify_file
from fastckpt.errors import CheckpointError
from fastckpt.formats.lazy_tensors import LazyTensors

if TYPE_CHECKING:
    from fastckpt.formats.opened import Source

__all__ = ["UNREADABLE", "find_unreadable", "look_by_halves"]

Found = TypeVar("Found")

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


def look_by_halves(
    names: list[str], look: Callable[[list[str]], dict[str, Found]], bad: dict[str, str]
) -> dict[str, Found]:
    """Gives what ``look`` finds of tensors, fewer at a time where it raises.

    Args:
        names: The tensors.
        look: Gives what is found of some, or raises one's error.
        bad: Takes the errors of those that it raises of when they are alone.
    """
    if not names:
        return {}
    try:
        return look(names)
    except UNREADABLE as error:
        if len(names) == 1:
            bad[names[0]] = str(error)
            return {}
    half = len(names) // 2
    return {
        **look_by_halves(names[:half], look, bad),
        **look_by_halves(names[half:], look, bad),
    }
