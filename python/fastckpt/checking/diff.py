"""How two checkpoints differ: every byte checked, then values where they may differ."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

from fastckpt.base.deferred import importing
from fastckpt.base.progress import Counter, ProgressArgument, counting
from fastckpt.checking.compare import Tally, Tolerance
from fastckpt.checking.regions import compare_tensors
from fastckpt.errors import CorruptionError
from fastckpt.files.urls import remote_url
from fastckpt.formats.lazy_tensors import ArrayInfo, LazyTensors, name_dtype
from fastckpt.formats.opened import Source, open_tensors
from fastckpt.reading.checkpoint import Checkpoint

if TYPE_CHECKING:
    from fastckpt._native import TensorInfo
    from fastckpt.files.urls import PathName
    from fastckpt.reading.results import VerifyReport

    _Info = TensorInfo | ArrayInfo

__all__ = ["Change", "Diff", "diff"]


@dataclass(frozen=True)
class Change:
    """How a tensor that both checkpoints have differs.

    All are None, and ``not_finite`` is 0, where dtypes or shapes differ, or values
    cannot be read here.

    Attributes:
        count: How many elements differ.
        size: How many there are.
        largest: The largest ``|b - a|`` of finite numbers that differ, exact for
            integers; None where there are none, as in strings.
        largest_relative: The largest ``|b - a| / |a|`` of these.
        relative_norm: ``norm(b - a) / norm(a)``, over all pairs of finite numbers.
        not_finite: How many of those that differ are NaN or infinite in A or B. No part
            of ``==``: two changes are the same by what is above.
    """

    count: int | None = None
    size: int | None = None
    largest: float | None = None
    largest_relative: float | None = None
    relative_norm: float | None = None
    not_finite: int = field(default=0, compare=False)


class Diff(NamedTuple):
    """How two checkpoints, A and B, differ; names are in byte order.

    Attributes:
        same: The tensors that are the same.
        added: Those that only B has.
        dropped: Those that only A has.
        changed: Those that differ, and how.
        checked: Whether every byte of both was read and checked against a checksum,
            of which safetensors has none.
    """

    same: list[str]
    added: list[str]
    dropped: list[str]
    changed: dict[str, Change]
    checked: bool

    def _repr_html_(self) -> str:
        with importing:
            from fastckpt.checking.cells import show_diff

        return show_diff(self)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        # IPython keeps this beside the HTML: never every name.
        counts = {name: len(getattr(self, name)) for name in self._fields[:4]}
        told = ", ".join(f"{count:,} {name}" for name, count in counts.items())
        printer.text(f"<fastckpt.Diff: {told}>")


def diff(
    a: PathName | Source,
    b: PathName | Source,
    rtol: float = 0,
    atol: float = 0,
    check: bool = True,
    *,
    threads: int | None = None,
    progress: ProgressArgument = None,
    storage_options: Mapping[str, Any] | None = None,
) -> Diff:
    """Compares two checkpoints, whatever their formats, shards and slices are.

    Values are the same where ``|a - b| <= atol + rtol * |b|``; two NaN are the same,
    and so are 0.0 and -0.0. Memory stays flat: values are compared piece by piece, and
    not read again where the stored checksums, which were checked, are the same.

    Args:
        a: What ``open`` accepts, an open checkpoint, or an ``.npz`` or
            ``.safetensors`` file. Of the last two the tensors are read one by one.
        b: The other.
        rtol: The relative difference that does not count.
        atol: The absolute difference that does not count.
        check: Whether all bytes of both are read and checked first. Where they are
            not, tensors whose stored checksums agree pass for the same, unread.
        threads: How many threads check and compare; None: one for each CPU.
        progress: As in ``Checkpoint.load``.
        storage_options: As in ``open``, for every source that is a URL.

    Raises:
        ValueError: A tolerance is no number of at least 0.
        CorruptionError: A checkpoint is damaged.
        OSError: A file is missing or cannot be read.
    """
    if not (rtol >= 0 and atol >= 0):
        raise ValueError(f"rtol and atol must be at least 0, not {rtol!r} and {atol!r}")
    with ExitStack() as stack:
        old, new = (
            it
            if isinstance(it, Checkpoint | LazyTensors)
            else stack.enter_context(open_tensors(it, storage_options=storage_options))
            for it in (a, b)
        )
        result, unsure = _compare_indexes(old, new, check)
        to_check = [old, new] if check else []
        nbytes = sum(map(_size_of, to_check))
        nbytes += sum(old.info(name).nbytes or 0 for name in unsure)
        counter = stack.enter_context(counting(progress, nbytes))
        for checkpoint in to_check:
            _verify(checkpoint, threads, counter, unsure)
        tolerance = Tolerance(float(rtol), float(atol))
        tallies = {name: Tally() for name in unsure}
        done = compare_tensors(unsure, old, new, tolerance, threads)
        for name, tally, size in done:
            tallies[name].add(tally)
            counter.add(size)
        _sort_out(tallies, old, result)
    result.same.sort(key=_encoded)
    return _in_order(result)


def _sort_out(tallies: dict[str, Tally], old: Source, result: Diff) -> None:
    for name, tally in tallies.items():
        if tally.count:
            result.changed[name] = _change(old.info(name), tally)
        else:
            result.same.append(name)


def _size_of(checkpoint: Source) -> int:
    return sum(info.nbytes or 0 for info in checkpoint.infos())


def _encoded(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")


def _in_order(result: Diff) -> Diff:
    names = sorted(result.changed, key=_encoded)
    return result._replace(changed={name: result.changed[name] for name in names})


def _verify(
    checkpoint: Source, threads: int | None, counter: Counter, compared: list[str]
) -> None:
    before = counter.done
    if isinstance(checkpoint, LazyTensors):
        # To read is to check, as far as the format allows it; those are read later.
        for name in {*checkpoint} - {*compared}:
            checkpoint[name]
        counter.reach(before + _size_of(checkpoint))
        return
    report = checkpoint.verify(
        threads=threads, progress=lambda done, total: counter.reach(before + done)
    )
    if not report.ok:
        raise _error_of(report)
    counter.reach(before + _size_of(checkpoint))


def _error_of(report: VerifyReport) -> Exception:
    """Makes an error of what is wrong with a checkpoint."""
    problems = report.problems
    message, path, offset, tensor = problems[0]
    missing = {it.path for it in report.findings if it.cause == "missing file"}
    is_gone = path is not None and not (remote_url(path) or os.path.exists(path))
    if path is not None and (is_gone or path in missing):
        return FileNotFoundError(errno.ENOENT, "a data file is missing", path)
    if len(problems) > 1:
        message += f" ({len(problems)} problems in all; verify() lists them)"
    return CorruptionError(message, path=path, offset=offset, tensor=tensor)


def _compare_indexes(old: Source, new: Source, check: bool) -> tuple[Diff, list[str]]:
    """Compares what the indexes tell; gives the names of which they do not."""
    is_checked = check and "safetensors" not in (old.format, new.format)
    result = Diff([], [], [], {}, is_checked)
    unsure: list[str] = []
    has_one_order = _is_native(old) == _is_native(new)
    firsts, seconds = ({it.name: it for it in each.infos()} for each in (old, new))
    for name in sorted({**firsts, **seconds}, key=_encoded):
        first, second = firsts.get(name), seconds.get(name)
        if second is None:
            result.dropped.append(name)
        elif first is None:
            result.added.append(name)
        else:
            is_alike = (name_dtype(first), first.shape) == (
                name_dtype(second),
                second.shape,
            )
            if not is_alike:
                result.changed[name] = Change()
            elif has_one_order and _has_same_checksum(first, second):
                result.same.append(name)
            elif first.problem and _has_checksums(first, second):
                result.changed[name] = Change()
            else:
                unsure.append(name)
    return result, unsure


def _is_native(checkpoint: Source) -> bool:
    """Tells whether numbers have this machine's byte order; one is like the others."""
    if isinstance(checkpoint, LazyTensors) or checkpoint.format == "v1":
        return True  # these have no other, or are given in this one
    for info in checkpoint.infos():
        dtype = info.dtype
        if info.problem is None and dtype and dtype.kind != "O" and dtype.itemsize > 1:
            return checkpoint.layout(info.name).dtype.isnative
    return True


def _has_checksums(first: _Info, second: _Info) -> bool:
    """Tells whether each has a checksum of all its bytes.

    (A checksum of 0 may be one that is not there.)
    """
    is_plain = not first.slices and not second.slices
    return is_plain and bool(first.crc32c) and bool(second.crc32c)


def _has_same_checksum(first: _Info, second: _Info) -> bool:
    return _has_checksums(first, second) and first.crc32c == second.crc32c


def _change(info: _Info, tally: Tally) -> Change:
    return Change(
        tally.count,
        prod(info.shape),
        tally.largest,
        tally.largest_relative,
        tally.relative_norm,
        tally.not_finite,
    )
