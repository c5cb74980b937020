"""Whether the file of another format is sound, as far as it has checksums."""

from __future__ import annotations

from time import perf_counter

from fastckpt.base.progress import ProgressArgument, counting
from fastckpt.errors import CorruptionError, UnsupportedError
from fastckpt.formats.lazy_tensors import LazyTensors
from fastckpt.reading.causes import Cause
from fastckpt.reading.results import Finding, Problem, VerifyReport, problem_of

__all__ = ["verify_file"]

_ADVICE = "copy the file again, to another place"


def verify_file(
    tensors: LazyTensors, progress: ProgressArgument = None
) -> VerifyReport:
    """Reads every array of an archive, which checks its CRC-32.

    Args:
        tensors: The file.
        progress: As in ``Checkpoint.load``.

    Raises:
        UnsupportedError: The format has no checksums.
        OSError: The file cannot be read.
    """
    if tensors.format != "npz":
        raise UnsupportedError(
            f"{tensors.path}: a {tensors.format} file has no checksums: whether its "
            "values are those that were saved cannot be told; 'fastckpt ls' reads its "
            "header",
            path=tensors.path,
        )
    began, problems, nbytes = perf_counter(), list[Problem](), 0
    with counting(progress, sum(info.nbytes for info in tensors.infos())) as counter:
        for info in tensors.infos():
            try:
                nbytes += tensors[info.name].nbytes
            except CorruptionError as error:
                problem = problem_of(error)
                problems.append(problem._replace(tensor=info.name))
            counter.add(info.nbytes)
    findings = [
        Finding(Cause.CHECKSUM, it.message, _ADVICE, it.path, None, (it.tensor or "",))
        for it in problems
    ]
    seconds = perf_counter() - began
    return VerifyReport(problems, nbytes, len(tensors), seconds, findings)
