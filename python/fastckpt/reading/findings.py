"""What is wrong with a checkpoint by its causes, and what to do."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from time import perf_counter
from typing import TYPE_CHECKING

from fastckpt.base.progress import ProgressArgument, watch
from fastckpt.errors import UnsupportedError
from fastckpt.reading.causes import Cause
from fastckpt.reading.damaged_files import (
    Bad,
    Damage,
    Found,
    count,
    find_cut,
    find_damage,
    is_of_another_save,
    name_some,
    tensors_of,
)
from fastckpt.reading.other_saves import (
    find_renamed_file,
    find_save_of,
    name_index,
    of_another_run,
    of_other_count,
    of_unknown_save,
)
from fastckpt.reading.results import Finding, Problem, VerifyReport, problem_of
from fastckpt.reading.stored_pieces import FilePieces, list_pieces, size_of
from fastckpt.reading.unopened import advise_missing, find_foreign_data

if TYPE_CHECKING:
    from fastckpt.reading.checkpoint import Checkpoint

__all__ = ["find_causes", "verify_checkpoint"]

_ADVICE = {
    Cause.INDEX: "the index says so itself: it was written wrong, or changed since",
    Cause.UNREADABLE_FILE: "the system says why; nothing is known of what is in it",
    Cause.UNSUPPORTED: "leave it out, or read it with what wrote it",
    Cause.CHECKSUM: "open it again; something else may be writing it",
}

_NONE = Damage(0, 0, None, [])

# What the core says of stored bytes.
_RawDamage = tuple[int, int, int | None, list[tuple[int, int, bool]]]


class _File:
    """What is wrong with one file, and what is to be in it."""

    def __init__(
        self,
        path: str,
        order: int,
        checkpoint: Checkpoint,
        holds: dict[str, FilePieces],
    ) -> None:
        place = os.path.abspath(path)
        self.path = path
        self.order = order
        self.holds = holds.get(place) or FilePieces(path)
        remote = checkpoint._remote
        self.size = size_of(path) if remote is None else remote.size_of(path)
        self.is_there = remote is not None or os.path.lexists(path)
        #: Whether it says where tensors lie; in V1 that is in the same file.
        self.is_index = checkpoint.format == "v1" or place == name_index(checkpoint)
        self.problems: dict[Cause, list[Problem]] = {}
        self.bad: list[Bad] = []

    @property
    def tensors(self) -> tuple[str, ...]:
        """All that cannot be read as the file is, in the order of tensors."""
        cut = self.problems.get(Cause.CUT_FILE, ())
        names = {*tensors_of(cut), *tensors_of(it.problem for it in self.bad)}
        return tuple(name for name in self.holds.ends if name in names)


def verify_checkpoint(
    checkpoint: Checkpoint, threads: int, progress: ProgressArgument
) -> VerifyReport:
    """Checks every block and every tensor, as ``Checkpoint.verify`` tells."""
    begin = perf_counter()
    with watch(progress) as counter:
        nbytes, errors, damages = checkpoint._reader.verify_closely(threads, counter)
    problems = [problem_of(error) for error in errors]
    seconds = perf_counter() - begin
    findings = find_causes(checkpoint, errors, problems, damages)
    return VerifyReport(problems, nbytes, len(checkpoint), seconds, findings)


def find_causes(
    checkpoint: Checkpoint,
    errors: Sequence[Exception],
    problems: Sequence[Problem],
    damages: Sequence[_RawDamage | None],
) -> list[Finding]:
    """Gives what verifying has found by its causes.

    Files that are missing, cut, unreadable or another's come first, each once.

    Args:
        checkpoint: What was verified.
        errors: What was found, in the order of the tensors.
        problems: The same as values.
        damages: What the stored bytes look like of which each error tells.
    """
    if not errors:
        return []
    holds = list_pieces(checkpoint)
    files: dict[str, _File] = {}
    rest: dict[tuple[Cause, str | None], list[Bad]] = {}
    told = zip(errors, problems, damages, strict=True)
    for order, (error, problem, damage) in enumerate(told):
        bad = Bad(order, problem, Damage(*damage) if damage else _NONE)
        file = None
        if problem.path is not None:
            file = files.get(problem.path)
            if file is None:
                file = _File(problem.path, order, checkpoint, holds)
                files[problem.path] = file
        cause = _find_cause(error, bad, file)
        if file is None or cause in (Cause.INDEX, Cause.UNSUPPORTED):
            rest.setdefault((cause, problem.path), []).append(bad)
        elif damage:
            file.bad.append(bad)
        else:
            # Of what the system says the error alone knows the tensor.
            tensor = getattr(error, "tensor", problem.tensor)
            own = problem._replace(tensor=tensor)
            file.problems.setdefault(cause, []).append(own)
    found = _Findings(checkpoint, holds, files).find()
    found += [_join(cause, bad) for (cause, _), bad in rest.items()]
    return [it.finding for it in sorted(found, key=lambda it: it.order)]


def _find_cause(error: Exception, bad: Bad, file: _File | None) -> Cause:
    tensor = bad.problem.tensor
    if isinstance(error, UnsupportedError):
        return Cause.UNSUPPORTED
    if file is None:
        return Cause.INDEX
    if isinstance(error, FileNotFoundError) or not file.is_there:
        return Cause.MISSING_FILE
    if isinstance(error, OSError):
        return Cause.UNREADABLE_FILE
    if bad.damage.size:
        return Cause.CHECKSUM
    if tensor is None or file.is_index:
        return Cause.INDEX
    is_cut = file.size < file.holds.ends.get(tensor, 0)
    return Cause.CUT_FILE if is_cut else Cause.CHECKSUM


def _join(cause: Cause, bad: list[Bad]) -> Found:
    """Makes one finding of all that one index says wrong, or that is unsupported."""
    first, tensors = bad[0].problem, tensors_of(it.problem for it in bad)
    message = first.message
    if len(bad) > 1:
        message += f"; so it is with {count(len(tensors))}: {name_some(tensors)}"
    places = first.path, first.offset, tensors
    return Found(bad[0].order, Finding(cause, message, _ADVICE[cause], *places))


class _Findings:
    """The findings of the files of one checkpoint."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        holds: dict[str, FilePieces],
        files: dict[str, _File],
    ) -> None:
        self._checkpoint = checkpoint
        self._holds = holds
        self._files = files
        self._is_v2 = checkpoint.format == "v2"

    def find(self) -> list[Found]:
        """Gives them; what a whole file suffers from comes first."""
        if self._is_v2 and (found := self._find_other_count()):
            return [found]
        of_files: list[Finding] = []
        others: list[_File] = []
        of_bytes: list[Found] = []
        for file in self._files.values():
            whole = self._find_whole(file)
            of_files += whole
            if not whole and self._is_other(file):
                others.append(file)
            elif not whole:
                of_files += self._find_parts(file)
                of_bytes += find_damage(file.path, file.bad, file.holds)
        of_files += self._find_others(others)
        return [*(Found(-1, it) for it in of_files), *of_bytes]

    def _find_other_count(self) -> Found | None:
        """Tells an index of another number of data files than those that are here."""
        missing = [f for f in self._files.values() if Cause.MISSING_FILE in f.problems]
        full = [path for path, holds in self._holds.items() if holds.end]
        if not missing or len(missing) < len(full):
            return None
        finding = of_other_count(self._checkpoint, [it.holds.ends for it in missing])
        if finding is None or any(self._find_renamed(file) for file in missing):
            return None
        return Found(-1, finding)

    def _find_renamed(self, file: _File) -> Finding | None:
        tensors = tuple(file.holds.ends)
        return find_renamed_file(self._checkpoint, file.path, tensors)

    def _find_whole(self, file: _File) -> list[Finding]:
        """Gives what is wrong with a file from one end to the other."""
        if Cause.MISSING_FILE in file.problems:
            return [self._find_missing(file)]
        found: list[Finding] = []
        if problems := file.problems.get(Cause.UNREADABLE_FILE):
            tensors = tensors_of(problems) or tuple(file.holds.ends)
            places = file.path, None, tensors
            advice = _ADVICE[Cause.UNREADABLE_FILE]
            cause = Cause.UNREADABLE_FILE
            found.append(Finding(cause, problems[0].message, advice, *places))
        foreign = find_foreign_data(file.path) if file.tensors else None
        if foreign is not None:
            first = [*file.problems.get(Cause.CUT_FILE, ()), *_problems(file.bad)][0]
            advice = f"by its first bytes it is {foreign.what}; {foreign.advice}"
            message = first.message
            if len(file.tensors) > 1:
                message += f"; so it is with {count(len(file.tensors))}"
            places = file.path, None, file.tensors
            found.append(Finding(Cause.FOREIGN_FILE, message, advice, *places))
        elif self._is_v2 and file.tensors and self._is_mostly_wrong(file):
            found += find_save_of(self._checkpoint, file.path, file.tensors)
        return found

    def _find_missing(self, file: _File) -> Finding:
        if self._is_v2 and (renamed := self._find_renamed(file)):
            return renamed
        # Where slices of strings lie only the file itself tells.
        told = tensors_of(file.problems[Cause.MISSING_FILE])
        tensors = tuple(dict.fromkeys((*file.holds.ends, *told)))
        message = f"{file.path}: this file is missing; it holds {count(len(tensors))}"
        advice = advise_missing(file.path)
        return Finding(Cause.MISSING_FILE, message, advice, file.path, None, tensors)

    def _is_mostly_wrong(self, file: _File) -> bool:
        """Tells whether it pays to look for the save whose file it may be."""
        pieces = [it for it in file.holds.pieces if it.begin < it.end]
        places = {it.damage.offset for it in file.bad if it.damage.byte is None}
        wrong = len(places) + len(file.problems.get(Cause.CUT_FILE, ()))
        return bool(places) and 2 * wrong >= len(pieces)

    def _is_other(self, file: _File) -> bool:
        beyond = len(file.problems.get(Cause.CUT_FILE, ()))
        with suppress(OSError):  # it may be gone by now
            return self._is_v2 and is_of_another_save(
                file.path, file.bad, beyond, file.holds
            )
        return False

    def _find_parts(self, file: _File) -> list[Finding]:
        found: list[Finding] = []
        if problems := file.problems.get(Cause.CUT_FILE):
            found.append(find_cut(file.path, problems, file.holds))
        if problems := file.problems.get(Cause.CHECKSUM):
            bad = [Bad(0, it, _NONE) for it in problems]
            found.append(_join(Cause.CHECKSUM, bad).finding)
        return found

    def _find_others(self, others: list[_File]) -> list[Finding]:
        """Tells files of another save from an index that fits none of its files."""
        full = [path for path, holds in self._holds.items() if holds.end]
        if not others:
            return []
        if len(others) == len(full):
            lost = {name for file in others for name in file.tensors}
            tensors = tuple(name for name in self._checkpoint if name in lost)
            return [of_another_run(name_index(self._checkpoint), tensors)]
        return [of_unknown_save(it.path, it.tensors) for it in others]


def _problems(bad: list[Bad]) -> list[Problem]:
    return [it.problem for it in bad]
