"""What is wrong with a checkpoint by its causes, and what to do."""

from __future__ import annotations

import os
from collections.abc import Sequence
from time import perf_counter
from typing import TYPE_CHECKING

from fastckpt.base.deferred import importing
from fastckpt.base.progress import ProgressArgument, watch
from fastckpt.errors import CheckpointError, UnsupportedError
from fastckpt.files.shard_names import split_shard
from fastckpt.files.state_file import STATE_NAME
from fastckpt.reading.results import (
    Finding,
    Problem,
    TensorInfo,
    TensorPiece,
    VerifyReport,
    problem_of,
)
from fastckpt.reading.stored_files import CheckpointFiles

if TYPE_CHECKING:
    from fastckpt.files.next_steps import Foreign
    from fastckpt.reading.checkpoint import Checkpoint

__all__ = [
    "explain_data",
    "find_causes",
    "find_missing_shard",
    "verify_checkpoint",
    "why_not_opened",
]

_ELSEWHERE = "copy the checkpoint again, to another place"
_ADVICE = {
    "missing file": "copy this file beside the others",
    "index": "the index says so itself: it was written wrong, or changed since",
    "checksum": f"if it was copied here, {_ELSEWHERE}; if that is damaged too, use "
    "another checkpoint",
    "unreadable file": "the system says why; nothing is known of what is in it",
    "unsupported": "leave it out, or read it with what wrote it",
}
_WHY_NOT_OPENED = {
    "state file": "leave it as it is, and name the checkpoint itself instead",
    "unsupported": "it may be sound; read it with what wrote it",
    "index": "without a sound index nothing can be read; copy the checkpoint again, to "
    "another place, and keep this one until that is verified",
}
# What is no data of tensors for sure, even where a shard has these first bytes.
_NO_DATA = {"pointer", "html", "xml", "gzip", "bzip2", "xz", "zstd", "zip", "hdf5"}
_OF_FILES = {"missing file", "cut file", "unreadable file"}
_MOST_NAMED = 8

# The tensors that have bytes in a file, and where the last of these is to end.
_Ends = dict[str, int]


def verify_checkpoint(
    checkpoint: Checkpoint, threads: int, progress: ProgressArgument
) -> VerifyReport:
    """Checks every block and every tensor, as ``Checkpoint.verify`` tells."""
    begin = perf_counter()
    with watch(progress) as counter:
        nbytes, errors = checkpoint._reader.verify(threads, counter)
    problems = [problem_of(error) for error in errors]
    seconds = perf_counter() - begin
    findings = find_causes(checkpoint, errors)
    return VerifyReport(problems, nbytes, len(checkpoint), seconds, findings)


def find_causes(checkpoint: Checkpoint, errors: Sequence[Exception]) -> list[Finding]:
    """Gives what verifying has found by its causes.

    Files that are missing, cut or unreadable come first, each once.
    """
    if not errors:
        return []
    ends = _find_ends(checkpoint)
    of_files: dict[tuple[str, str], list[Problem]] = {}
    rest: list[Finding] = []
    for error in errors:
        problem = problem_of(error)
        cause = _find_cause(error, problem, checkpoint, ends)
        if problem.path is not None and cause in _OF_FILES:
            of_files.setdefault((cause, problem.path), []).append(problem)
        else:
            tensors = () if problem.tensor is None else (problem.tensor,)
            places = problem.path, problem.offset, tensors
            cause, advice = _look_at_data(cause, problem.path)
            rest.append(Finding(cause, problem.message, advice, *places))
    joined = [
        _join(
            cause,
            path,
            problems,
            ends.get(os.path.abspath(path), {}),
            _size_of(path, checkpoint),
        )
        for (cause, path), problems in of_files.items()
    ]
    return joined + rest


def _look_at_data(cause: str, path: str | None) -> tuple[str, str]:
    """Gives cause and advice, others where a data file is no data at all."""
    found = _find_foreign(path) if path and cause in ("checksum", "cut file") else None
    if found is None or found.kind not in _NO_DATA:
        return cause, _ADVICE.get(cause, "")
    return "foreign file", f"by its first bytes it is {found.what}; {found.advice}"


def _find_foreign(path: str) -> Foreign | None:
    """Tells what a file is that is another program's, and no damaged one of ours."""
    with importing:
        from fastckpt.files.foreign import looks_like_table
        from fastckpt.files.next_steps import find_foreign

    return None if looks_like_table(path) else find_foreign(path)


def _find_ends(checkpoint: Checkpoint) -> dict[str, _Ends]:
    """Gives the tensors of each data file, as the index has them."""
    files = CheckpointFiles(checkpoint)
    ends: dict[str, _Ends] = {}
    for info in checkpoint.infos():
        for piece in _find_pieces(files, info):
            own = ends.setdefault(os.path.abspath(piece.file), {})
            end = piece.offset + piece.nbytes
            own[info.name] = max(end, own.get(info.name, 0))
    return ends


def _find_pieces(files: CheckpointFiles, info: TensorInfo) -> list[TensorPiece]:
    """Gives a tensor's pieces; none where what is wrong with it hides them."""
    if info.problem is not None:
        return []
    try:
        return files.find_pieces(info)
    except (CheckpointError, OSError):
        return []


def _find_cause(
    error: Exception, problem: Problem, checkpoint: Checkpoint, ends: dict[str, _Ends]
) -> str:
    if isinstance(error, UnsupportedError):
        return "unsupported"
    if problem.path is None:
        return "index"
    if isinstance(error, FileNotFoundError) or not (
        checkpoint._remote or os.path.lexists(problem.path)
    ):
        return "missing file"
    if isinstance(error, OSError):
        return "unreadable file"
    path = os.path.abspath(problem.path)
    is_index = path == os.path.abspath(checkpoint.files[0])
    if problem.tensor is None or (is_index and checkpoint.format == "v2"):
        return "index"
    end = ends.get(path, {}).get(problem.tensor, 0)
    return "cut file" if _size_of(problem.path, checkpoint) < end else "checksum"


def _size_of(path: str, checkpoint: Checkpoint) -> int:
    if checkpoint._remote is not None:
        return checkpoint._remote.size_of(path)
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def _join(
    cause: str, path: str, problems: Sequence[Problem], ends: _Ends, size: int
) -> Finding:
    """Makes one finding of what is wrong with one file."""
    first = min(problems, key=lambda it: it.offset or 0)
    if cause != "cut file":
        tensors, message = tuple(ends), first.message
        if cause == "missing file":
            holds = f"it holds {_count(len(problems))}"
            message = f"{path}: this file is missing; {holds}"
            return Finding(cause, message, _advise_missing(path), path, None, tensors)
        return Finding(cause, message, _ADVICE[cause], path, None, tensors)
    tensors = tuple(it.tensor for it in problems if it.tensor is not None)
    message = first.message
    if len(tensors) > 1:
        message += f"; {_count(len(tensors))} are not whole: {_name_some(tensors)}"
    lack = f"it has {size:,} bytes of at least {max(ends.values()):,}"
    cause, advice = _look_at_data(cause, path)
    advice = advice or f"the file is cut: {lack}; {_ELSEWHERE}"
    return Finding(cause, message, advice, path, first.offset, tensors)


def _count(tensors: int) -> str:
    return f"{tensors:,} tensor{'' if tensors == 1 else 's'}"


def _name_some(names: Sequence[str]) -> str:
    text = ", ".join(map(repr, names[:_MOST_NAMED]))
    more = len(names) - _MOST_NAMED
    return f"{text} and {more:,} more" if more > 0 else text


def why_not_opened(path: str, error: CheckpointError) -> Finding:
    """Gives what is wrong where nothing could be opened."""
    place = error.path or path
    found = _find_foreign(place)
    is_state = os.path.basename(place) == STATE_NAME
    if found and not is_state and found.advice not in str(error):
        found = None  # it was read as what it is, and is damaged
    if found is not None:
        cause = "foreign file"
    elif is_state:
        cause = "state file"
    else:
        cause = "unsupported" if isinstance(error, UnsupportedError) else "index"
    tensors = () if error.tensor is None else (error.tensor,)
    places = error.path, error.offset, tensors
    advice = _WHY_NOT_OPENED[cause] if found is None else found.advice
    message = str(error).removesuffix(f"; {advice}")
    return Finding(cause, message, advice, *places)


def explain_data(error: CheckpointError) -> str:
    """Gives an error's text, and what a data file is that holds no data at all.

    (The data of tensors may begin like anything: none are named by it that may be.)
    """
    if error.path is None or split_shard(error.path) is None:
        return str(error)
    found = _find_foreign(error.path)
    if found is None or found.kind not in _NO_DATA or found.advice in str(error):
        return str(error)
    return f"{error}; by its first bytes the file is {found.what}; {found.advice}"


def find_missing_shard(path: str, error: FileNotFoundError) -> Finding | None:
    """Tells a data file that is missing from a path that leads nowhere."""
    missing = os.fsdecode(error.filename or "")
    if missing == path or split_shard(missing) is None:
        return None
    message = f"{missing}: a data file of the checkpoint is missing"
    return Finding("missing file", message, _advise_missing(missing), missing)


def _advise_missing(path: str) -> str:
    with importing:
        from fastckpt.files.packed import unpack_pieces

    parts = split_shard(path)
    packed = unpack_pieces(parts.stem.removesuffix(".data")) if parts else None
    return packed or _ADVICE["missing file"]
