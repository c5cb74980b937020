"""What becomes of each tensor of a checkpoint, decided before anything is written."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fastckpt.base.cast import DType, check_cast, is_floating, to_dtype
from fastckpt.base.names import select as select_names
from fastckpt.editing.stored_slices import in_file_order
from fastckpt.formats.lazy_tensors import ArrayInfo, LazyTensors
from fastckpt.reading.checkpoint import Checkpoint
from fastckpt.reading.results import TensorInfo

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Source", "Step", "match", "plan"]

Source = Checkpoint | LazyTensors
"""Where tensors come from: a checkpoint, or a file of another format."""


class Step(NamedTuple):
    """One tensor of the copy, its new name, and its new dtype if it gets one.

    Attributes:
        value: What it is to be instead of what is stored, before it is cast.
    """

    info: TensorInfo | ArrayInfo
    new: str
    dtype: np.dtype[Any] | None
    value: NDArray[Any] | None = None


def plan(
    checkpoint: Source,
    select: Iterable[str] | Mapping[str, str] | None,
    drop: Iterable[str],
    rename: Mapping[str, str],
    dtype: DType | Mapping[str, DType] | None,
) -> list[Step]:
    """Decides on every tensor, so that nothing is begun that cannot be done.

    Raises as ``rewrite``.
    """
    wanted = _select(checkpoint, select)
    dropped = set(match(checkpoint, drop))
    new_names: dict[str, list[str]] = {}
    for new, old in wanted.items():
        if old not in dropped:
            new_names.setdefault(old, []).append(rename.get(old, new))
    _check_rename(rename, checkpoint, new_names)
    infos = [info for info in _in_order(checkpoint) if info.name in new_names]
    casts = _plan_casts(checkpoint, infos, dtype)
    steps = [
        Step(info, new, casts.get(info.name))
        for info in infos
        for new in new_names[info.name]
    ]
    _check_distinct(steps)
    return steps


def _in_order(source: Source) -> Sequence[TensorInfo | ArrayInfo]:
    if isinstance(source, Checkpoint):
        return in_file_order(source)
    return source.infos()


def match(checkpoint: Source, patterns: Iterable[str]) -> list[str]:
    """Gives the names that patterns mean.

    Raises:
        KeyError: One means none.
    """
    names = list(checkpoint)
    slots = {name: slot for slot, name in enumerate(names)}
    return list(select_names(patterns, names, slots.get))


def _select(
    checkpoint: Source, select: Iterable[str] | Mapping[str, str] | None
) -> Mapping[str, str]:
    """Gives {new name: name in the checkpoint}."""
    if isinstance(select, Mapping):
        for old in select.values():
            checkpoint.info(old)  # a KeyError names the closest names
        return select
    names = checkpoint if select is None else match(checkpoint, select)
    return {name: name for name in names}


def _plan_casts(
    checkpoint: Source,
    infos: Iterable[TensorInfo | ArrayInfo],
    dtype: DType | Mapping[str, DType] | None,
) -> dict[str, np.dtype[Any]]:
    """Gives the new dtype of the tensors that get one."""
    if dtype is None:
        return {}
    wanted: dict[str, np.dtype[Any]] = {}
    if isinstance(dtype, Mapping):
        for pattern, target in dtype.items():
            for name in match(checkpoint, [pattern]):
                wanted.setdefault(name, to_dtype(target))
    else:
        target = to_dtype(dtype)
        wanted = {info.name: target for info in infos if is_floating(info.dtype)}
    casts = {
        info.name: (info.dtype, wanted[info.name])
        for info in infos
        if info.name in wanted and info.dtype != wanted[info.name]
    }
    for name, (old, new) in casts.items():
        check_cast(name, old, new)
    return {name: new for name, (_, new) in casts.items()}


def _check_rename(
    rename: Mapping[str, str], checkpoint: Source, kept: Container[str]
) -> None:
    for old in rename:
        checkpoint.info(old)
        if old not in kept:
            raise ValueError(f"{old!r} is to be renamed, but it is left out")


def _check_distinct(steps: Iterable[Step]) -> None:
    seen: dict[str, str] = {}
    for step in steps:
        if step.new in seen:
            old = f"{seen[step.new]!r} and {step.info.name!r}"
            raise ValueError(f"both {old} would be named {step.new!r}")
        seen[step.new] = step.info.name
