"""``load_file``: the tensors of a checkpoint as torch's."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from fastckpt.base.callers import callers_level
from fastckpt.base.cast import DType, is_floating
from fastckpt.base.deferred import importing
from fastckpt.base.names import match, select
from fastckpt.base.progress import ProgressArgument
from fastckpt.reading.checkpoint import Checkpoint, open
from fastckpt.torch.dtypes import has_form, tensor_of, to_name

__all__ = ["load_file"]

_MOST_NAMED = 5

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
        options: ``verify``, ``io``, ``max_index_bytes``: as in ``fastckpt.open``.

    Returns:
        {name: torch.Tensor} in the checkpoint's order, or the mapping's: writable and
        aligned. Quantised types are the integers that they are stored as; integers
        below a byte come as int8 and uint8.

    Raises:
        TypeError: torch has no form for what is asked for by name, or for numbers.
        ValueError: ``copy`` is False: torch's tensors can be written.
        ImportError: torch is not installed.
        As ``fastckpt.open`` and ``Checkpoint.load``.

    Warns:
        UserWarning: Strings, resources and variants were left out, as no names were
            given; once for all of them.
    """
    with importing:
        import torch

    if not copy:
        raise ValueError("tensors can be written: copy must be True or 'on-write'")
    place = torch.device(device)
    dtypes = _to_names(dtype)
    with open(path, threads=threads, **options) as checkpoint:
        chosen = _choose(checkpoint, names, drop, dtypes)
        how: dict[str, Any] = {"copy": copy, "dtype": dtypes}
        if place.type == "cpu":
            arrays = checkpoint.load(chosen, progress=progress, **how)
            return {name: tensor_of(array) for name, array in arrays.items()}
        return {
            name: tensor_of(checkpoint.load({name: stored}, **how)[name]).to(place)
            for name, stored in chosen.items()
        }


def _to_names(dtype: Any) -> _DTypes | None:
    if isinstance(dtype, Mapping):
        return {pattern: to_name(it) for pattern, it in dtype.items()}
    return None if dtype is None else to_name(dtype)


def _choose(
    checkpoint: Checkpoint,
    names: Iterable[str] | Mapping[str, str] | None,
    drop: Iterable[str],
    dtypes: _DTypes | None,
) -> dict[str, str]:
    """Gives {name in the result: name in the checkpoint} of what torch can hold."""
    known = list(checkpoint)
    slots = {name: slot for slot, name in enumerate(known)}
    dropped = match(drop, lambda: known, slots.get)
    wanted = slots if names is None else select(names, lambda: known, slots.get)
    chosen = {new: known[at] for new, at in wanted.items() if known[at] not in dropped}
    cast = _cast_names(known, slots, dtypes)
    formless = [
        new for new, stored in chosen.items() if not _is_held(checkpoint, stored, cast)
    ]
    if formless:
        _leave_out(checkpoint, chosen, formless, names is not None)
    return chosen


def _cast_names(
    known: list[str], slots: dict[str, int], dtypes: _DTypes | None
) -> set[str]:
    """Gives the names of tensors that are cast, if they are floating ones."""
    if dtypes is None or not isinstance(dtypes, Mapping):
        return set() if dtypes is None else set(known)
    return set(match(dtypes, lambda: known, slots.get))


def _is_held(checkpoint: Checkpoint, name: str, cast: set[str]) -> bool:
    dtype = checkpoint.info(name).dtype
    return has_form(dtype) or (name in cast and is_floating(dtype))


def _leave_out(
    checkpoint: Checkpoint, chosen: dict[str, str], formless: list[str], is_named: bool
) -> None:
    """Leaves strings out and says so; raises for what that would be too silent for."""
    for name in formless:
        info = checkpoint.info(chosen[name])
        is_text = info.dtype is None or info.dtype.kind == "O"
        if is_named or not is_text:
            remedy = "" if is_text else "give dtype=, or "
            raise TypeError(
                f"tensor {name!r}: torch has no tensors of {info.tf_dtype}; "
                f"{remedy}leave it out: drop=[{chosen[name]!r}]"
            )
    for name in formless:
        del chosen[name]
    shown = ", ".join(map(repr, formless[:_MOST_NAMED]))
    more = len(formless) - _MOST_NAMED
    listed = f"{shown} and {more:,} more" if more > 0 else shown
    warnings.warn(
        f"torch has no strings, resources and variants; left out: {listed}",
        UserWarning,
        stacklevel=callers_level() + 1,
    )
