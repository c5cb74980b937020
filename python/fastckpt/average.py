"""The mean of several checkpoints."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import numpy as np

from fastckpt.arguments import check_prefixes
from fastckpt.casting import is_floating
from fastckpt.checkpoint import Checkpoint, open
from fastckpt.parts import Part, in_file_order, parts_of
from fastckpt.writer import Writer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastckpt.writer import StrPath

__all__ = ["average"]


def average(
    sources: Sequence[StrPath],
    destination: StrPath,
    *,
    fsync: bool = True,
    threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Writes the mean of checkpoints that have the same tensors.

    Floats and complex numbers are summed in float64 and complex128; everything else
    (steps, strings) is taken from the last source, whose format, order and slices the
    result has. Memory is one tensor, or one slice where it is partitioned.

    Args:
        sources: What ``open`` accepts, at least one.
        destination: A prefix.
        fsync: Whether everything is on the disk before the checkpoint appears.
        threads: How many threads check and copy; None: one for each CPU.
        progress: Called with (bytes done, bytes in all).

    Raises:
        ValueError: There is no source, or the tensors' names, shapes or dtypes are not
            the same.
        TypeError: The sources are a single path.
        CheckpointError: A source is damaged or holds what is not supported.
        OSError: A file cannot be read or written; the destination is as it was.
    """
    paths = check_prefixes("sources", sources)
    if not paths:
        raise ValueError("an average needs at least one checkpoint")
    with ExitStack() as stack:
        opened = [stack.enter_context(open(path, threads=threads)) for path in paths]
        last = opened[-1]
        for other in opened[:-1]:
            _check_alike(other, last)
        writer = Writer(destination, format=last.format, fsync=fsync, threads=threads)
        total = sum(info.nbytes or 0 for info in last.infos())
        done = 0
        with writer:
            for info in in_file_order(last):
                for part in parts_of(info):
                    part.write(writer, info.name, _mean(opened, part), info.tf_dtype)
                done += info.nbytes or 0
                if progress is not None:
                    progress(done, total)


def _mean(opened: Sequence[Checkpoint], part: Part) -> NDArray[Any]:
    """Gives the mean of a part, or the last where there is no mean."""
    last = part.read(opened[-1])
    is_complex = last.dtype.kind == "c"
    if len(opened) == 1 or not (is_complex or is_floating(last.dtype)):
        return last
    with np.errstate(all="ignore"):
        total = np.zeros(last.shape, np.complex128 if is_complex else np.float64)
        for checkpoint in opened:
            total += part.read(checkpoint)
        total /= len(opened)
        return total.astype(last.dtype)


def _check_alike(other: Checkpoint, last: Checkpoint) -> None:
    """Checks that two checkpoints have tensors of the same names and shapes."""
    for one, two in ((other, last), (last, other)):
        for name in one:
            if name not in two:
                raise ValueError(f"{one.path!r} has {name!r}, {two.path!r} has not")
    for name in last:
        old, new = other.info(name), last.info(name)
        for what in ("tf_dtype", "shape"):
            if getattr(old, what) != getattr(new, what):
                raise ValueError(
                    f"{name!r} is {old.tf_dtype} {old.shape} in {other.path!r} and "
                    f"{new.tf_dtype} {new.shape} in {last.path!r}"
                )
