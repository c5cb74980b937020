"""How two checkpoints differ: the index first, values only where it cannot tell."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastckpt import Checkpoint, TensorInfo

__all__ = ["Difference", "Tolerance", "compare_checkpoints", "compare_values"]

_CHUNK = 1 << 17
"""Elements compared together: 1 MiB as float64, which stays in the cache."""


@dataclass(frozen=True)
class Tolerance:
    """Values are the same where ``|a - b| <= absolute + relative * |b|``.

    Equal infinities are the same, and so are two NaN.
    """

    relative: float = 0.0
    absolute: float = 0.0


@dataclass(frozen=True)
class Difference:
    """What differs between two tensors of one name.

    Attributes:
        name: The tensor.
        kind: "added", "dropped", "dtype", "shape", or "values".
        old: dtype and shape in the first checkpoint, or None.
        new: dtype and shape in the second, or None.
        count: How many elements differ, where values do.
        largest: The largest distance of two finite numbers that differ, or None.
    """

    name: str
    kind: str
    old: str | None = None
    new: str | None = None
    count: int | None = None
    largest: float | None = None


def compare_checkpoints(
    old: Checkpoint,
    new: Checkpoint,
    tolerance: Tolerance,
    progress: Callable[[int, int], None],
) -> Iterator[Difference | None]:
    """Gives a difference, or None for a tensor that is the same, name by name.

    Two tensors of one dtype and shape whose stored checksums agree are the same
    without being read.
    """
    total = sum(info.nbytes or 0 for info in old.infos())
    done = 0
    for name in sorted({*old, *new}, key=_encode):
        if name not in new:
            yield Difference(name, "dropped", old=_describe(old.info(name)))
        elif name not in old:
            yield Difference(name, "added", new=_describe(new.info(name)))
        else:
            yield _compare_tensors(name, old, new, tolerance)
        done += (old.info(name).nbytes or 0) if name in old else 0
        progress(done, total)


def _encode(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")


def _describe(info: TensorInfo) -> str:
    return f"{info.tf_dtype} {tuple(info.shape)}"


def _compare_tensors(
    name: str, old: Checkpoint, new: Checkpoint, tolerance: Tolerance
) -> Difference | None:
    first, second = old.info(name), new.info(name)
    texts = _describe(first), _describe(second)
    if first.tf_dtype != second.tf_dtype:
        return Difference(name, "dtype", *texts)
    if first.shape != second.shape:
        return Difference(name, "shape", *texts)
    if _has_same_checksum(first, second):
        return None
    count, largest = compare_values(old[name], new[name], tolerance)
    return Difference(name, "values", *texts, count, largest) if count else None


def _has_same_checksum(first: TensorInfo, second: TensorInfo) -> bool:
    """Tells whether the stored checksums show that the bytes are the same.

    (A checksum of 0 may be one that is not there.)
    """
    is_plain = not first.slices and not second.slices
    return is_plain and bool(first.crc32c) and first.crc32c == second.crc32c


def compare_values(
    old: NDArray[Any], new: NDArray[Any], tolerance: Tolerance
) -> tuple[int, float | None]:
    """Compares arrays of one shape and dtype in chunks.

    Returns:
        How many elements differ, and the largest distance of finite ones that do.
    """
    count, largest = 0, -math.inf
    flat_old, flat_new = old.reshape(-1), new.reshape(-1)
    for start in range(0, flat_old.size, _CHUNK):
        chunk = slice(start, start + _CHUNK)
        differs, distance = _compare_chunk(flat_old[chunk], flat_new[chunk], tolerance)
        count += differs
        largest = max(largest, distance)
    return count, largest if math.isfinite(largest) else None


def _compare_chunk(
    old: NDArray[Any], new: NDArray[Any], tolerance: Tolerance
) -> tuple[int, float]:
    """Gives how many elements differ and the largest distance of finite ones."""
    if old.dtype.kind in "Ob":
        return int(np.count_nonzero(old != new)), -math.inf
    if old.dtype.kind in "iu":
        return _compare_integers(old, new, tolerance)
    wide = np.complex128 if old.dtype.kind == "c" else np.float64
    old, new = old.astype(wide), new.astype(wide)
    with np.errstate(all="ignore"):
        distance = np.abs(old - new)
        limit = tolerance.absolute + tolerance.relative * np.abs(new)
        is_close = np.isfinite(distance) & (distance <= limit)
        differs = ~(is_close | (old == new) | (np.isnan(old) & np.isnan(new)))
    finite = distance[differs & np.isfinite(distance)]
    return int(np.count_nonzero(differs)), float(finite.max(initial=-math.inf))


def _compare_integers(
    old: NDArray[Any], new: NDArray[Any], tolerance: Tolerance
) -> tuple[int, float]:
    # Modulo 2^64 the larger less the smaller is right for every width and sign.
    larger, smaller = np.maximum(old, new), np.minimum(old, new)
    distance = larger.astype(np.uint64) - smaller.astype(np.uint64)
    differs = distance != 0
    if tolerance != Tolerance():
        with np.errstate(all="ignore"):
            size = np.abs(new.astype(np.float64))
            differs &= ~(distance <= tolerance.absolute + tolerance.relative * size)
    count = int(np.count_nonzero(differs))
    return count, float(distance[differs].max()) if count else -math.inf
