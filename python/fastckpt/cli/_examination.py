"""What is wrong with one checkpoint, what to do, and what can be saved of it."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import fastckpt
from fastckpt import Checkpoint, Problem
from fastckpt.cli._errors import BrokenCheckpoint
from fastckpt.cli._files import CheckpointFiles
from fastckpt.cli._options import open_checkpoint
from fastckpt.cli._problems import is_of_missing_file, join_missing_files

__all__ = ["Examination", "Finding", "examine_checkpoint"]


@dataclass(frozen=True)
class Finding:
    """One thing that was found.

    Attributes:
        message: What, and where.
        advice: What to do.
        path: The file, or None.
        offset: The byte in it, or None.
        tensor: The tensor, or None.
        commands: What does what is advised, for a shell.
    """

    message: str
    advice: str
    path: str | None = None
    offset: int | None = None
    tensor: str | None = None
    commands: list[str] = field(default_factory=list)


@dataclass
class Examination:
    """What was found in one place: a checkpoint, or a folder beside its checkpoints.

    Attributes:
        path: The checkpoint's prefix, or the folder.
        format: "v1" or "v2"; None: no checkpoint, or one that cannot be opened.
        tensors: How many it has.
        lost: The names of those that cannot be read as the files are.
        problems: What is wrong.
        notes: What is odd and does no harm.
    """

    path: str
    format: str | None = None
    tensors: int = 0
    lost: list[str] = field(default_factory=list)
    problems: list[Finding] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)


def examine_checkpoint(
    path: str, args: argparse.Namespace, progress: Callable[[int, int], None]
) -> Examination:
    """Opens a checkpoint and verifies all of it.

    Raises:
        FileNotFoundError: It is not there.
        OSError: It cannot be read.
    """
    try:
        with open_checkpoint(path, args) as checkpoint:
            return _examine(checkpoint, progress)
    except fastckpt.CheckpointError as error:
        advice = (
            "without a sound index nothing can be read; copy the checkpoint again, to "
            "another place, and keep this one until that is verified"
        )
        found = Finding(str(error), advice, error.path, error.offset, error.tensor)
    except BrokenCheckpoint as error:
        found = Finding(str(error), "without all of its files V1 cannot be read")
    return Examination(path, problems=[found])


def _examine(
    checkpoint: Checkpoint, progress: Callable[[int, int], None]
) -> Examination:
    files = CheckpointFiles(checkpoint)
    problems = checkpoint.verify(progress=progress).problems
    return Examination(
        checkpoint.path,
        checkpoint.format,
        len(checkpoint),
        lost=_find_lost(checkpoint, files, problems),
        problems=list(_find_problems(checkpoint, files, problems)),
        notes=list(_find_strangers(files)),
    )


def _find_lost(
    checkpoint: Checkpoint, files: CheckpointFiles, problems: list[Problem]
) -> list[str]:
    lost = {it.tensor for it in problems if it.tensor is not None}
    paths = (it.path for it in problems if it.path and is_of_missing_file(it))
    missing = set(map(os.path.abspath, paths))
    for info in checkpoint.infos() if missing else []:
        if info.problem is None:
            pieces = files.find_pieces(info)
            if any(os.path.abspath(piece.file) in missing for piece in pieces):
                lost.add(info.name)
    return [name for name in checkpoint if name in lost]


def _find_problems(
    checkpoint: Checkpoint, files: CheckpointFiles, problems: list[Problem]
) -> Iterator[Finding]:
    ends = _find_ends(checkpoint, files) if problems else {}
    for it in join_missing_files(problems):
        advice = _advise(it, ends.get(os.path.abspath(it.path or ""), 0))
        yield Finding(it.message, advice, it.path, it.offset, it.tensor)


def _find_ends(checkpoint: Checkpoint, files: CheckpointFiles) -> dict[str, int]:
    """Gives how many bytes the index counts on in each data file."""
    ends: dict[str, int] = {}
    for info in checkpoint.infos():
        if info.problem is None:
            for piece in files.find_pieces(info):
                path, end = os.path.abspath(piece.file), piece.offset + piece.nbytes
                ends[path] = max(end, ends.get(path, 0))
    return ends


def _advise(problem: Problem, end: int) -> str:
    if problem.path is None:
        return "the index says so itself: it was written wrong, or changed since"
    if is_of_missing_file(problem):
        return "copy this file beside the others"
    size = os.stat(problem.path).st_size
    if size < end:
        lack = f"it has {size:,} bytes of at least {end:,}"
        return f"the file is cut: {lack}; copy the checkpoint again, to another place"
    return (
        "if it was copied here, copy the checkpoint again, to another place; if that "
        "is damaged too, use another checkpoint"
    )


def _find_strangers(files: CheckpointFiles) -> Iterator[Finding]:
    for path in files.strangers:
        yield Finding(
            f"{path}: the index is of another number of data files",
            "this index does not read it; it is of another save under this name, "
            "earlier or later, and whether anything needs it cannot be told",
            path,
        )
