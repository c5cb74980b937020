"""What can be said of the values of tensors: ``statistics``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fastckpt.base.names import select
from fastckpt.base.progress import Counter, ProgressArgument, counting
from fastckpt.checking.histogram import count_bins, edges_of
from fastckpt.checking.moments import Moments, is_numeric
from fastckpt.checking.regions import (
    count_threads,
    find_regions,
    in_parallel,
    read_region,
)
from fastckpt.formats.lazy_tensors import ArrayInfo, LazyTensors
from fastckpt.formats.opened import Source, open_tensors
from fastckpt.reading.checkpoint import Checkpoint

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastckpt._native import TensorInfo
    from fastckpt.files.urls import PathName

__all__ = ["Statistics", "measure", "statistics", "statistics_of"]

# Elements of a region that is looked at; what is a view elsewhere is checked once.
_REGION = 1 << 19
# To read a region of what is no view all of the tensor is read, to be checked, so
# that regions are as large as a thread's share of so many elements.
_COPIED = 1 << 25

_Region = tuple[slice, ...]


class Statistics(NamedTuple):
    """What can be said of a tensor's values.

    Of booleans as of 0 and 1; of complex numbers ``min``, ``max`` and the histogram
    are of magnitudes. The first four are of the finite values, None where there are
    none.

    Attributes:
        min: The smallest, of integers exactly.
        max: The largest.
        mean: Their mean, in float64 or complex128.
        std: Their standard deviation, of all and not of a sample.
        zeros: How many values are 0.
        nan: How many are NaN.
        inf: How many are infinite.
        histogram: (counts, edges): how many of the finite values lie in each of 50
            bins of one width from ``min`` to ``max``; of one bin where float64 has no
            bins that narrow or that wide, of none where there is no finite value.
    """

    min: float | None
    max: float | None
    mean: float | complex | None
    std: float | None
    zeros: int
    nan: int
    inf: int
    histogram: tuple[tuple[int, ...], tuple[float, ...]]


def statistics(
    ckpt: PathName | Source,
    names: Iterable[str] | Mapping[str, str] | None = None,
    *,
    threads: int | None = None,
    progress: ProgressArgument = None,
) -> dict[str, Statistics]:
    """Looks at the values of tensors, on all threads and in flat memory.

    Every byte that is looked at is checked against its checksum. Strings are left out.

    Args:
        ckpt: What ``open`` accepts, an open checkpoint, or an ``.npz`` or
            ``.safetensors`` file.
        names: Which tensors, as in ``Checkpoint.load``; None: all that are numbers.
        threads, progress: As in ``Checkpoint.load``.

    Returns:
        {name: Statistics}, in the order in which ``load`` gives tensors. The same
        to the last bit, however many threads there are.

    Raises:
        KeyError: A name or pattern fits no tensor.
        UnsupportedError: A tensor has no form in NumPy.
        CorruptionError: A tensor is damaged.
        OSError: A file is missing or cannot be read.
    """
    with ExitStack() as stack:
        if not isinstance(ckpt, Checkpoint | LazyTensors):
            ckpt = stack.enter_context(open_tensors(ckpt, threads=threads))
        wanted = _choose(ckpt, names)
        tensors = list(dict.fromkeys(wanted.values()))
        count = count_threads(threads)
        if isinstance(ckpt, Checkpoint):
            count = ckpt._count(threads)
        moments = measure(ckpt, tensors, count, progress, with_histogram=True)
        return {new: _summarize(*moments[old]) for new, old in wanted.items()}


def statistics_of(array: NDArray[Any]) -> Statistics:
    """Gives the statistics of an array of numbers or booleans."""
    moments = Moments()
    moments.add_values(array)
    counts = count_bins(array, edges_of(moments.low, moments.high))
    return _summarize(moments, counts)


def measure(
    checkpoint: Source,
    names: Sequence[str],
    threads: int,
    progress: ProgressArgument,
    with_histogram: bool = False,
) -> dict[str, tuple[Moments, NDArray[np.int64]]]:
    """Gives what is known of tensors' values, and how they are spread, if wanted."""
    plans = [_Plan(checkpoint, checkpoint.info(name), threads) for name in names]
    found = {name: (Moments(), np.zeros(0, np.int64)) for name in names}
    large = [plan for plan in plans if with_histogram and len(plan.regions) > 1]
    nbytes = sum(plan.nbytes for plan in plans) + sum(plan.nbytes for plan in large)
    with counting(progress, nbytes) as counter:
        jobs = _moment_jobs(checkpoint, plans, with_histogram)
        for name, moments, counts, done in in_parallel(jobs, threads):
            found[name][0].add(moments)
            found[name] = found[name][0], counts
            counter.add(done)
        _spread(checkpoint, large, found, threads, counter)
    return found


class _Plan:
    """How a tensor is looked at."""

    def __init__(
        self, source: Source, info: TensorInfo | ArrayInfo, threads: int
    ) -> None:
        self.name = info.name
        self.nbytes = info.nbytes or 0
        share = _REGION if info.is_view else _COPIED // count_threads(threads)
        self.regions = find_regions(source, info.name, max(share, _REGION))


def _choose(
    checkpoint: Source, names: Iterable[str] | Mapping[str, str] | None
) -> dict[str, str]:
    """Gives {name in the result: name in the checkpoint}, strings left out."""
    infos = {info.name: info for info in checkpoint.infos()}
    order = list(infos)
    if names is None:
        chosen = {name: name for name in order}
    else:
        slots = {name: slot for slot, name in enumerate(order)}
        found = select(names, lambda: order, slots.get)
        chosen = {new: order[slot] for new, slot in found.items()}
    for name in set(chosen.values()):
        if infos[name].problem is not None:
            checkpoint.read(name)  # raises, and says what it is
    return {new: old for new, old in chosen.items() if is_numeric(infos[old].dtype)}


def _moment_jobs(
    checkpoint: Source, plans: Iterable[_Plan], with_histogram: bool
) -> Iterator[Callable[[], tuple[str, Moments, NDArray[np.int64], int]]]:
    def look(
        plan: _Plan, region: _Region
    ) -> tuple[str, Moments, NDArray[np.int64], int]:
        array = read_region(checkpoint, plan.name, region)
        moments = Moments()
        moments.add_values(array)
        is_all = with_histogram and len(plan.regions) == 1
        edges = edges_of(moments.low, moments.high) if is_all else ()
        return plan.name, moments, count_bins(array, edges), array.nbytes

    for plan in plans:
        for region in plan.regions:
            yield partial(look, plan, region)


def _spread(
    checkpoint: Source,
    plans: Iterable[_Plan],
    found: dict[str, tuple[Moments, NDArray[np.int64]]],
    threads: int,
    counter: Counter,
) -> None:
    """Counts the values of tensors again, now that it is known where they end."""

    def count(
        name: str, region: _Region, edges: tuple[float, ...]
    ) -> tuple[str, NDArray[np.int64], int]:
        array = read_region(checkpoint, name, region)
        return name, count_bins(array, edges), array.nbytes

    def jobs() -> Iterator[Callable[[], tuple[str, NDArray[np.int64], int]]]:
        for plan in plans:
            moments = found[plan.name][0]
            edges = edges_of(moments.low, moments.high)
            for region in plan.regions:
                yield partial(count, plan.name, region, edges)

    for name, counts, done in in_parallel(jobs(), threads):
        moments, before = found[name]
        found[name] = moments, counts + before if before.size else counts
        counter.add(done)


def _summarize(moments: Moments, counts: NDArray[np.int64]) -> Statistics:
    edges = edges_of(moments.low, moments.high)
    return Statistics(
        moments.low,
        moments.high,
        moments.mean if moments.count else None,
        moments.std,
        moments.zeros,
        moments.nan,
        moments.inf,
        (tuple(counts.tolist()), edges),
    )
