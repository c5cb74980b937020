"""What can be said of the values of tensors: ``statistics``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fastckpt import _native
from fastckpt.base.collector import collecting_rarely
from fastckpt.base.names import select
from fastckpt.base.progress import ProgressArgument, counting, watch
from fastckpt.checking.numbers import is_integer, is_numeric
from fastckpt.formats.lazy_tensors import LazyTensors
from fastckpt.formats.opened import Source, open_tensors
from fastckpt.reading.checkpoint import Checkpoint
from fastckpt.reading.requests import choose

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastckpt.files.urls import PathName

__all__ = ["Statistics", "look_at", "measure", "statistics", "statistics_of"]

# NumPy's names of what the core looks at as it is, beside what takes one byte.
_OF_CORE = {
    *("float16", "bfloat16", "float32", "float64", "complex64", "complex128"),
    *("int16", "uint16", "int32", "uint32", "int64", "uint64"),
}


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
    storage_options: Mapping[str, Any] | None = None,
) -> dict[str, Statistics]:
    """Looks at the values of tensors, on all threads and in flat memory.

    Every byte that is looked at is checked against its checksum, unless the checkpoint
    was opened without checks. Strings are left out.

    Args:
        ckpt: What ``open`` accepts, an open checkpoint, or an ``.npz`` or
            ``.safetensors`` file.
        names: Which tensors, as in ``Checkpoint.load``; None: all that are numbers.
        threads, progress: As in ``Checkpoint.load``.
        storage_options: As in ``open``.

    Returns:
        {name: Statistics}, in the order in which ``load`` gives tensors. The same
        to the last bit, however many threads there are.

    Raises:
        KeyError: A name or pattern fits no tensor.
        UnsupportedError: A tensor has no form in NumPy.
        CorruptionError: A tensor is damaged.
        OSError: A file is missing or cannot be read.

    Threads: safe; releases the interpreter lock, of a checkpoint once.
    """
    with ExitStack() as stack:
        if not isinstance(ckpt, Checkpoint | LazyTensors):
            ckpt = stack.enter_context(
                open_tensors(ckpt, threads=threads, storage_options=storage_options)
            )
        return look_at(ckpt, names, threads, progress)


def look_at(
    source: Source,
    names: Iterable[str] | Mapping[str, str] | None,
    threads: int | None,
    progress: ProgressArgument,
    with_histogram: bool = True,
) -> dict[str, Statistics]:
    """Gives what ``statistics`` does of what is open; ``measure`` says what else."""
    wanted = _choose(source, names)
    tensors = list(dict.fromkeys(wanted.values()))
    found = measure(source, tensors, threads, progress, with_histogram)
    return {new: found[old] for new, old in wanted.items()}


def statistics_of(array: NDArray[Any], threads: int | None = None) -> Statistics:
    """Gives the statistics of an array of numbers or booleans."""
    dtype = array.dtype
    if dtype.itemsize == 1:
        values, name = _byte_values(dtype), "uint8"
    elif dtype.name in _OF_CORE:
        values, name = None, dtype.name
        array = array.astype(dtype.newbyteorder("="), copy=False)
    else:
        values, name = None, "complex128" if dtype.kind == "c" else "float64"
        with np.errstate(all="ignore"):
            array = array.astype(name)
    numbers = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    count = threads or _native.available_threads()
    return Statistics._make(
        _native.describe_numbers(numbers, name, values, is_integer(dtype), count)
    )


def measure(
    source: Source,
    names: Sequence[str],
    threads: int | None,
    progress: ProgressArgument,
    with_histogram: bool = True,
) -> dict[str, Statistics]:
    """Gives the statistics of tensors that are numbers; without histograms, if wanted.

    Args:
        source: Where they are.
        names: Which ones.
        threads, progress: As in ``statistics``.
        with_histogram: False: each byte of a checkpoint is read once.
    """
    if isinstance(source, LazyTensors) or not isinstance(
        source._reader, _native.Reader
    ):
        return _measure_others(source, names, threads, progress)
    reader = source._reader
    slots = [source._slot(name) for name in names]
    values: dict[str, bytes] = {}
    for slot in slots:
        info = reader.info(slot)
        assert info.dtype is not None
        if info.dtype.itemsize == 1 and info.tf_dtype not in values:
            values[info.tf_dtype] = _byte_values(info.dtype)
    count = source._count(threads)
    with watch(progress) as counter, collecting_rarely():
        found = _native.describe_tensors(
            reader, slots, values, with_histogram, count, counter
        )
    return dict(zip(names, map(Statistics._make, found), strict=True))


def _measure_others(
    source: Source,
    names: Sequence[str],
    threads: int | None,
    progress: ProgressArgument,
) -> dict[str, Statistics]:
    """Gives the statistics of tensors that are held whole, one at a time."""
    found = {}
    sizes = {name: source.info(name).nbytes or 0 for name in names}
    with counting(progress, sum(sizes.values())) as counter:
        for name in names:
            found[name] = statistics_of(source[name], threads)
            counter.add(sizes[name])
    return found


def _choose(
    source: Source, names: Iterable[str] | Mapping[str, str] | None
) -> dict[str, str]:
    """Gives {name in the result: name in the source}, strings left out."""
    if isinstance(source, LazyTensors):
        order = list(source)
        slots = {name: slot for slot, name in enumerate(order)}
        found = (
            slots if names is None else select(names, lambda: sorted(order), slots.get)
        )
        infos = {new: source.info(order[slot]) for new, slot in found.items()}
        return {new: it.name for new, it in infos.items() if is_numeric(it.dtype)}
    reader = source._reader
    wanted = {}
    chosen = choose(reader, names, None, (), source._missing)
    for new, slot in zip(*chosen, strict=True):
        info = reader.info(slot)
        if info.problem is not None:
            source.read(info.name)  # raises, and says what it is
        if is_numeric(info.dtype):
            wanted[new] = info.name
    return wanted


@lru_cache(maxsize=64)
def _byte_values(dtype: np.dtype[Any]) -> bytes:
    """Gives which number each byte is, of a type that takes one: 256 float64."""
    every = np.arange(256, dtype=np.uint8)
    with np.errstate(all="ignore"):
        numbers = every != 0 if dtype.kind == "b" else every.view(dtype)
        values: NDArray[np.float64] = numbers.astype(np.float64)
    return values.tobytes()
