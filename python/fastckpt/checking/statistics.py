"""What can be said of the values of tensors: ``statistics``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from functools import lru_cache
from itertools import compress
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

    from fastckpt import TensorInfo
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
    if isinstance(source, LazyTensors):
        wanted = _choose_others(source, names)
        tensors = list(dict.fromkeys(wanted.values()))
        found = _measure_others(source, tensors, threads, progress)
        return {new: found[old] for new, old in wanted.items()}
    new_names, slots, firsts = _choose(source, names)
    return _measure(source, new_names, slots, firsts, threads, progress, with_histogram)


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
    return _native.describe_numbers(
        numbers, name, values, is_integer(dtype), Statistics, count
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
    if isinstance(source, LazyTensors):
        return _measure_others(source, names, threads, progress)
    slots = [source._slot(name) for name in names]
    firsts = _kinds_of(source, slots)[1]
    return _measure(source, names, slots, firsts, threads, progress, with_histogram)


def _measure(
    source: Checkpoint,
    names: Sequence[str],
    slots: Sequence[int],
    firsts: Iterable[int],
    threads: int | None,
    progress: ProgressArgument,
    with_histogram: bool,
) -> dict[str, Statistics]:
    """Gives {name: what is found in its slot}; each slot is looked at once.

    Args:
        firsts: A slot of each type that is among them.
    """
    reader = source._reader
    if not isinstance(reader, _native.Reader):
        tensors = {slot: reader.info(slot).name for slot in slots}
        by_name = _measure_others(source, list(tensors.values()), threads, progress)
        return {
            new: by_name[tensors[slot]] for new, slot in zip(names, slots, strict=True)
        }
    once = slots
    if len(set(slots)) < len(slots):
        once = list(dict.fromkeys(slots))
    with watch(progress) as counter, collecting_rarely():
        found = _native.describe_tensors(
            reader,
            once,
            _values_of(reader, firsts),
            with_histogram,
            Statistics,
            source._count(threads),
            counter,
        )
        if len(once) < len(slots):
            of = dict(zip(once, found, strict=True))
            found = [of[slot] for slot in slots]
        return dict(zip(names, found, strict=True))


def _values_of(reader: _native.Reader, firsts: Iterable[int]) -> dict[str, bytes]:
    """Gives which numbers the bytes of each type are that takes one."""
    values = {}
    for first in firsts:
        info = reader.info(first)
        if info.dtype is not None and info.dtype.itemsize == 1:
            values[info.tf_dtype] = _byte_values(info.dtype)
    return values


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


def _choose_others(
    source: LazyTensors, names: Iterable[str] | Mapping[str, str] | None
) -> dict[str, str]:
    """Gives {name in the result: name in the source}, strings left out."""
    order = list(source)
    slots = {name: slot for slot, name in enumerate(order)}
    found = slots if names is None else select(names, lambda: sorted(order), slots.get)
    infos = {new: source.info(order[slot]) for new, slot in found.items()}
    return {new: it.name for new, it in infos.items() if is_numeric(it.dtype)}


def _choose(
    source: Checkpoint, names: Iterable[str] | Mapping[str, str] | None
) -> tuple[Sequence[str], Sequence[int], Sequence[int]]:
    """Gives names in the result, their slots, and one of each type; no strings."""
    reader = source._reader
    new_names, slots = choose(reader, names, None, (), source._missing)
    kinds, firsts = _kinds_of(source, slots)
    of_kinds = [_is_number(source, reader.info(first)) for first in firsts]
    if all(of_kinds):
        return new_names, slots, firsts
    are_numbers = [of_kinds[kind] for kind in kinds]
    return (
        list(compress(new_names, are_numbers)),
        list(compress(slots, are_numbers)),
        list(compress(firsts, of_kinds)),
    )


def _kinds_of(
    source: Checkpoint, slots: Sequence[int]
) -> tuple[Sequence[int], Sequence[int]]:
    """Gives a number for each slot, and the first slot of each of these numbers.

    Slots of one type have the same one; of a source that is no file, each its own.
    """
    reader = source._reader
    if isinstance(reader, _native.Reader):
        return _native.kinds_of(reader, slots)
    return range(len(slots)), slots


def _is_number(source: Checkpoint, info: TensorInfo) -> bool:
    if info.problem is not None:
        source.read(info.name)  # raises, and says what it is
    return is_numeric(info.dtype)


@lru_cache(maxsize=64)
def _byte_values(dtype: np.dtype[Any]) -> bytes:
    """Gives which number each byte is, of a type that takes one: 256 float64."""
    every = np.arange(256, dtype=np.uint8)
    with np.errstate(all="ignore"):
        numbers = every != 0 if dtype.kind == "b" else every.view(dtype)
        values: NDArray[np.float64] = numbers.astype(np.float64)
    return values.tobytes()
