"""``load_file``: the tensors of a checkpoint as torch's."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, Literal

from fastckpt.base.callers import callers_level
from fastckpt.base.cast import DType, Losses
from fastckpt.base.deferred import importing
from fastckpt.base.progress import ProgressArgument, counting, watch
from fastckpt.reading.casts import Targets, choose_targets, load_as
from fastckpt.reading.checkpoint import Checkpoint, open
from fastckpt.reading.holding import Library, choose_held, warn_of_graph
from fastckpt.reading.requests import Copy
from fastckpt.torch.dtypes import has_form, tensor_of, to_name

__all__ = ["load_file"]

_TORCH = Library("torch", "tensors", has_form)

_DTypes = DType | Mapping[str, DType]


def load_file(
    path: str | bytes | os.PathLike[Any],
    names: Iterable[str] | Mapping[str, str] | None = None,
    drop: Iterable[str] = (),
    device: Any = "cpu",
    dtype: Any = None,
    copy: bool | Literal["on-write"] = "on-write",
    *,
    threads: int | None = None,
    progress: ProgressArgument = None,
    **options: Any,
) -> dict[str, Any]:
    """Loads a checkpoint as tensors of torch, every byte checked.

    Args:
        path: What ``fastckpt.open`` accepts.
        names, drop, threads, progress: As in ``Checkpoint.load``.
        device: Where the tensors are to be, as torch names it. To another than the
            CPU they go one by one: memory holds no more than one beside the mapping.
            Not tuned for any GPU.
        dtype: A torch.dtype or its name for all floating tensors, or {name or
            pattern: dtype}, as in ``Checkpoint.load``.
        copy: "on-write": memory of a private mapping, of which the system copies the
            pages that are written; a tensor asked for under two names, unaligned,
            partitioned or of a V1 file that is no view is a copy. True: all are.
        options: ``verify``, ``io``, ``max_index_bytes``, ``storage_options``: as in
            ``fastckpt.open``.

    Returns:
        {name: torch.Tensor} in the checkpoint's order, or the mapping's: writable and
        aligned. Quantised types are the integers that they are stored as; integers
        below a byte come as int8 and uint8.

    Raises:
        TypeError: torch has no tensors of strings, resources, variants and a few types
            of numbers: says what to leave out or to cast.
        ValueError: ``copy`` is False: torch's tensors can be written.
        ImportError: torch is not installed.
        As ``fastckpt.open`` and ``Checkpoint.load``.

    Warns:
        UserWarning: The object graph, which is a string, was left out, as no names
            were given.
        RuntimeWarning: ``dtype`` could not hold some numbers; how many.
    """
    with importing:
        import torch

    if not copy:
        raise ValueError("tensors can be written: copy must be True or 'on-write'")
    place = torch.device(device)
    with open(path, threads=threads, **options) as checkpoint:
        targets = choose_targets(checkpoint._reader, _to_names(dtype))
        slots, loses_graph = choose_held(
            checkpoint._reader, names, drop, targets, _TORCH
        )
        losses = Losses()
        load = _load if place.type == "cpu" else partial(_load_one_by_one, place)
        tensors = load(checkpoint, slots, targets, copy, losses, progress)
        losses.warn(callers_level() + 1)
        if loses_graph:
            warn_of_graph(_TORCH, callers_level() + 1)
        return tensors


def _to_names(dtype: Any) -> _DTypes | None:
    if isinstance(dtype, Mapping):
        return {pattern: to_name(it) for pattern, it in dtype.items()}
    return None if dtype is None else to_name(dtype)


def _load(
    checkpoint: Checkpoint,
    slots: dict[str, int],
    targets: Targets,
    copy: Copy,
    losses: Losses,
    progress: ProgressArgument,
) -> dict[str, Any]:
    with watch(progress) as counter:
        arrays = load_as(
            checkpoint._reader,
            [*slots],
            [*slots.values()],
            targets,
            copy,
            None,
            checkpoint._threads,
            counter,
            losses,
        )
    return {name: tensor_of(array) for name, array in arrays.items()}


def _load_one_by_one(
    place: Any,
    checkpoint: Checkpoint,
    slots: dict[str, int],
    targets: Targets,
    copy: Copy,
    losses: Losses,
    progress: ProgressArgument,
) -> dict[str, Any]:
    """Loads tensors onto a device; the host never has two beside the mapping."""
    reader = checkpoint._reader
    threads = checkpoint._threads
    sizes = [reader.info(slot).nbytes or 0 for slot in slots.values()]
    tensors = {}
    with counting(progress, sum(sizes)) as counter:
        for (name, slot), size in zip(slots.items(), sizes, strict=True):
            alone = ([name], [slot], targets, copy, None, threads, None, losses)
            tensors[name] = tensor_of(load_as(reader, *alone)[name]).to(place)
            counter.add(size)
    return tensors
