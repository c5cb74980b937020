"""What becomes of each tensor of a checkpoint, decided before anything is written."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fastckpt.base.cast import DType, check_cast
from fastckpt.base.names import select as select_names
from fastckpt.editing.chosen_dtypes import Found, choose_dtypes
from fastckpt.editing.dropped import match_dropped
from fastckpt.editing.stored_slices import in_file_order
from fastckpt.formats.lazy_tensors import ArrayInfo
from fastckpt.formats.opened import Source
from fastckpt.objects.message import GRAPH_KEY
from fastckpt.reading.checkpoint import Checkpoint
from fastckpt.reading.results import TensorInfo

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Source", "Step", "match_one", "plan"]


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
    find: Callable[[str], Found] | None = None,
) -> list[Step]:
    """Decides on every tensor, so that nothing is begun that cannot be done.

    Args:
        checkpoint, select, drop, rename, dtype: As in ``rewrite``.
        find: Gives what the names and patterns of dtypes mean; None: as elsewhere.

    Raises as ``rewrite``.
    """
    dropped = match_dropped(list(checkpoint), drop)
    wanted = _with_graph(checkpoint, _select(checkpoint, select), dropped)
    new_names: dict[str, list[str]] = {}
    for new, old in wanted.items():
        if old not in dropped:
            new_names.setdefault(old, []).append(rename.get(old, new))
    _check_rename(rename, checkpoint, new_names)
    infos = [info for info in _in_order(checkpoint) if info.name in new_names]
    casts = _plan_casts(checkpoint, infos, dtype, find)
    steps = [
        Step(info, new, casts.get(info.name))
        for info in infos
        for new in new_names[info.name]
    ]
    _check_some_left(steps, len(checkpoint), dropped)
    _check_distinct(steps)
    return steps


def _in_order(source: Source) -> Sequence[TensorInfo | ArrayInfo]:
    if isinstance(source, Checkpoint):
        return in_file_order(source)
    return source.infos()


def match_one(checkpoint: Source, pattern: str) -> list[str]:
    """Gives the names that one name or pattern means; a name is not searched for.

    Raises:
        KeyError: It means none.
    """
    if isinstance(pattern, str) and pattern in checkpoint:
        return [pattern]
    return _match(checkpoint, [pattern])


def _match(checkpoint: Source, patterns: Iterable[str]) -> list[str]:
    """Gives the names that patterns mean.

    Raises:
        KeyError: One means none.
    """
    names = list(checkpoint)
    slots = {name: slot for slot, name in enumerate(names)}
    return list(select_names(patterns, lambda: names, slots.get))


def _select(
    checkpoint: Source, select: Iterable[str] | Mapping[str, str] | None
) -> Mapping[str, str]:
    """Gives {new name: name in the checkpoint}."""
    if isinstance(select, Mapping):
        for old in select.values():
            checkpoint.info(old)  # a KeyError names the closest names
        return select
    names = checkpoint if select is None else _match(checkpoint, select)
    return {name: name for name in names}


def _plan_casts(
    checkpoint: Source,
    infos: Iterable[TensorInfo | ArrayInfo],
    dtype: DType | Mapping[str, DType] | None,
    find: Callable[[str], Found] | None,
) -> dict[str, np.dtype[Any]]:
    """Gives the new dtype of the tensors that get one."""

    def find_names(pattern: str) -> Found:
        return Found(match_one(checkpoint, pattern), pattern in checkpoint)

    wanted = choose_dtypes(checkpoint.infos(), dtype, find or find_names)
    casts = {}
    for info in infos:
        if info.name in wanted:
            casts[info.name] = wanted[info.name]
            check_cast(info.name, info.dtype, wanted[info.name])
    return casts


def _with_graph(
    checkpoint: Source, wanted: Mapping[str, str], dropped: Container[str]
) -> Mapping[str, str]:
    """Adds the object graph, without which TensorFlow 2 restores nothing."""
    is_some = any(old not in dropped for old in wanted.values())
    if not isinstance(checkpoint, Checkpoint) or not is_some:
        return wanted
    is_there = GRAPH_KEY in wanted or GRAPH_KEY in wanted.values()
    if is_there or GRAPH_KEY not in checkpoint:
        return wanted
    return {**wanted, GRAPH_KEY: GRAPH_KEY}


def _check_some_left(steps: Iterable[Step], count: int, dropped: set[str]) -> None:
    left = {step.info.name for step in steps}
    if count and (not left or (dropped and left == {GRAPH_KEY})):
        raise ValueError(
            f"all {count:,} tensors would be left out, nothing would be left"
        )


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
