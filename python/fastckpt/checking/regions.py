"""Values of checkpoints, looked at region by region on several threads."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain, islice
from math import prod
from typing import TYPE_CHECKING, Any, TypeVar

from fastckpt import _native
from fastckpt.base.deferred import importing
from fastckpt.checking.compare import Tally, Tolerance, compare_many
from fastckpt.formats.lazy_tensors import LazyTensors
from fastckpt.reading.chunks import regions_of
from fastckpt.reading.steady import read_steadily

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastckpt.formats.opened import Source

__all__ = [
    "compare_tensors",
    "count_threads",
    "find_regions",
    "in_parallel",
    "read_region",
]

# Elements of a region that is read to be compared; of strings each is an object.
_REGION = 1 << 19
_MAX_THREADS = 64
# Elements that are worth being handed to another thread.
_JOB = 1 << 16

_Done = tuple[str, Tally, int]
"""A tensor's name, what was found in a region of it, and the region's bytes."""

_Result = TypeVar("_Result")


def compare_tensors(
    names: Sequence[str],
    old: Source,
    new: Source,
    tolerance: Tolerance,
    threads: int | None,
) -> Iterator[_Done]:
    """Compares tensors of one dtype and shape; no more than some regions are held.

    (Of a file of another format some whole tensors: it is read by these.)

    Args:
        names: Tensors that both have.
        old: The first checkpoint, or file of another format.
        new: The second.
        tolerance: What does not count.
        threads: How many threads compare; None: one for each CPU.

    Returns:
        For each region the tensor's name, what was found, and its size in bytes.
    """
    return chain.from_iterable(in_parallel(_jobs(names, old, new, tolerance), threads))


def _jobs(
    names: Sequence[str], old: Source, new: Source, tolerance: Tolerance
) -> Iterator[Callable[[], list[_Done]]]:
    """Gives what compares tensors, region by region, small ones together."""

    def compare(some: list[tuple[str, tuple[slice, ...]]]) -> list[_Done]:
        pairs = [
            (read_region(old, name, region), read_region(new, name, region))
            for name, region in some
        ]
        found = compare_many(pairs, tolerance)
        return [
            (name, tally, one.nbytes)
            for (name, _), (one, _), tally in zip(some, pairs, found, strict=True)
        ]

    waiting: list[tuple[str, tuple[slice, ...]]] = []
    count = 0
    for name in names:
        shape = old.info(name).shape
        for region in _cut(shape, old, _REGION, new):
            waiting.append((name, region))
            count += min(prod(shape), _REGION)
            if count >= _JOB:
                yield partial(compare, waiting)
                waiting, count = [], 0
    if waiting:
        yield partial(compare, waiting)


def find_regions(
    source: Source, name: str, most: int, other: Source | None = None
) -> list[tuple[slice, ...]]:
    """Gives the regions in which a tensor is looked at, of so many elements at most.

    In a file of another format it is whole: a part is not read without the rest.
    """
    return _cut(source.info(name).shape, source, most, other)


def _cut(
    shape: tuple[int, ...], source: Source, most: int, other: Source | None
) -> list[tuple[slice, ...]]:
    if isinstance(source, LazyTensors) or isinstance(other, LazyTensors):
        return [(slice(None),) * len(shape)] if 0 not in shape else []
    return list(regions_of(shape, most))


def read_region(
    checkpoint: Source, name: str, region: tuple[slice, ...]
) -> NDArray[Any]:
    """Copies the values of a region; of a tensor that lies whole the first is checked.

    To check a part is to read it all, by reads and not in a mapping: the file may be
    cut meanwhile.
    """
    if isinstance(checkpoint, LazyTensors):
        return checkpoint.read(name, region)
    is_first = not any(part.start for part in region)
    if is_first or not checkpoint.info(name).is_view:
        return read_steadily(checkpoint, name, region, check=None)
    # Other threads look at other regions.
    return read_steadily(checkpoint, name, region, threads=1, check=False)


def in_parallel(
    jobs: Iterator[Callable[[], _Result]], threads: int | None
) -> Iterator[_Result]:
    """Runs jobs on several threads, no more of them at a time than keeps these busy.

    Results come in the order of the jobs, however many threads there are.
    """
    count = count_threads(threads)
    waiting = deque(islice(jobs, 2))
    if count == 1 or len(waiting) < 2:
        yield from (job() for job in chain(waiting, jobs))
        return
    with importing:
        from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(count) as pool:
        running = deque(pool.submit(job) for job in waiting)
        for job in jobs:
            if len(running) >= 2 * count:
                yield running.popleft().result()
            running.append(pool.submit(job))
        while running:
            yield running.popleft().result()


def count_threads(threads: int | None) -> int:
    """Gives how many threads such work has; None: one for each CPU."""
    return min(threads or _native.available_threads(), _MAX_THREADS)
