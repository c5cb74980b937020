"""Floating tensors in another dtype: cast while they are copied and checked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from fastckpt._native import cast_into, copy_cast
from fastckpt.base.callers import callers_level
from fastckpt.base.cast import DType, Losses, cast, is_floating, is_of_core, to_dtype
from fastckpt.base.names import match
from fastckpt.reading import requests as loading
from fastckpt.reading import string_tensors as strings

if TYPE_CHECKING:
    from fastckpt._native import Progress, Reader

__all__ = ["Targets", "choose_targets", "load", "load_as"]

_Value = TypeVar("_Value")

#: Gives the dtype that a slot's tensor is cast to; None: it stays as it is.
Targets = Callable[[int], np.dtype | None]


class _Wanted(NamedTuple):
    """One tensor of a call.

    Attributes:
        name: In the result.
        slot: In the checkpoint.
        dtype: What it is cast to; None: it stays as it is.
        is_fused: Whether the core casts it while it copies.
    """

    name: str
    slot: int
    dtype: np.dtype | None
    is_fused: bool


def load(
    reader: Reader,
    names: list[str],
    slots: list[int],
    dtype: DType | Mapping[str, DType],
    copy: loading.Copy,
    out: Mapping[str, np.ndarray] | None,
    threads: int,
    counter: Progress | None,
) -> dict[str, np.ndarray]:
    """Loads tensors as ``requests.load`` and ``load_into`` do, floating ones cast.

    Raises:
        KeyError: A pattern fits no tensor of the checkpoint.
        ValueError: A dtype is not of floating numbers.
        TypeError: It is none at all, or an array of ``out`` has another one.

    Warns:
        RuntimeWarning: What the dtypes could not hold, and how many.
    """
    losses = Losses()
    targets = choose_targets(reader, dtype)
    found = load_as(reader, names, slots, targets, copy, out, threads, counter, losses)
    losses.warn(callers_level() + 1)
    return found


def load_as(
    reader: Reader,
    names: list[str],
    slots: list[int],
    targets: Targets,
    copy: loading.Copy,
    out: Mapping[str, np.ndarray] | None,
    threads: int,
    counter: Progress | None,
    losses: Losses,
) -> dict[str, np.ndarray]:
    """Loads tensors as ``load`` does; ``losses`` counts what the dtypes do not hold.

    Raises:
        TypeError: An array of ``out`` has another dtype.
    """
    wanted = [
        _want(reader, name, slot, targets(slot))
        for name, slot in zip(names, slots, strict=True)
    ]
    if out is None:
        found, lost = _load(reader, wanted, copy, threads, counter)
    else:
        found, lost = _load_into(reader, wanted, out, threads, counter)
    for it in wanted:
        if it.dtype is not None:
            losses.add(it.name, it.dtype, lost[it.name])
    return {name: found[name] for name in names}


def choose_targets(
    reader: Reader, dtype: DType | Mapping[str, DType] | None
) -> Targets:
    """Gives what tensors are cast to for a call's ``dtype=``; raises as ``load``."""
    if dtype is None:
        return lambda slot: None
    dtypes = _choose(reader, dtype)

    def find(slot: int) -> np.dtype | None:
        target = dtypes.get(slot) if isinstance(dtypes, Mapping) else dtypes
        stored = reader.info(slot).dtype
        return None if not is_floating(stored) or stored == target else target

    return find


def _choose(
    reader: Reader, dtype: DType | Mapping[str, DType]
) -> Mapping[int, np.dtype] | np.dtype:
    """Gives the dtype for all, or those of slots; the first that fits counts."""
    if not isinstance(dtype, Mapping):
        return _to_floating(dtype)
    chosen: dict[int, np.dtype] = {}
    for pattern, target in dtype.items():
        floating = _to_floating(target)
        for slot in match([pattern], reader.names, reader.find).values():
            chosen.setdefault(slot, floating)
    return chosen


def _to_floating(dtype: DType) -> np.dtype:
    found = to_dtype(dtype)
    if not is_floating(found):
        raise ValueError(
            f"load casts floating tensors to floating dtypes only, not to {found}; "
            "rewrite and convert cast others"
        )
    return found


def _want(reader: Reader, name: str, slot: int, target: np.dtype | None) -> _Wanted:
    stored = reader.info(slot).dtype
    if target is None or stored is None:
        return _Wanted(name, slot, None, False)
    return _Wanted(name, slot, target, is_of_core(stored) and is_of_core(target))


def _load(
    reader: Reader,
    wanted: list[_Wanted],
    copy: loading.Copy,
    threads: int,
    counter: Progress | None,
) -> tuple[dict[str, np.ndarray], dict[str, int]]:
    """Gives new arrays, and how many numbers were lost in each that was cast."""
    kept = [it for it in wanted if it.dtype is None]
    names, slots = [it.name for it in kept], [it.slot for it in kept]
    found = loading.load(reader, names, slots, copy, threads, counter)
    fused = [it for it in wanted if it.is_fused]
    slots, dtypes = [it.slot for it in fused], [str(it.dtype) for it in fused]
    arrays, counts = copy_cast(reader, slots, dtypes, threads, counter)
    found.update(_by_name(fused, arrays))
    lost = _by_name(fused, counts)
    for it in wanted:
        if it.dtype is not None and not it.is_fused:
            found[it.name], lost[it.name] = _cast_alone(reader, it, threads, counter)
    return found, lost


def _by_name(wanted: list[_Wanted], values: Iterable[_Value]) -> dict[str, _Value]:
    return {it.name: value for it, value in zip(wanted, values, strict=True)}


def _cast_alone(
    reader: Reader, wanted: _Wanted, threads: int, counter: Progress | None
) -> tuple[np.ndarray, int]:
    """Casts a tensor from or to what the core has no cast for."""
    assert wanted.dtype is not None
    stored = reader.take([wanted.slot], threads, counter)[0]
    return cast(wanted.name, stored, wanted.dtype)


def _load_into(
    reader: Reader,
    wanted: list[_Wanted],
    out: Mapping[str, np.ndarray],
    threads: int,
    counter: Progress | None,
) -> tuple[dict[str, np.ndarray], dict[str, int]]:
    """Gives the arrays of ``out``, all of which are checked before the first."""
    loading.check_targets([it.name for it in wanted], out)
    made: dict[str, np.ndarray] = {}
    lost: dict[str, int] = {}
    for it in wanted:
        shape = reader.region_shape(it.slot, None)
        if reader.is_string(it.slot):
            strings.check_out(it.name, out[it.name], shape)
        elif it.dtype is not None and not it.is_fused:
            _check_out(it.name, out[it.name], it.dtype, shape)
    for it in wanted:
        if reader.is_string(it.slot):
            made[it.name] = strings.read(reader, it.slot, None)
        elif it.dtype is not None and not it.is_fused:
            made[it.name], lost[it.name] = _cast_alone(reader, it, threads, counter)
    rest = [it for it in wanted if it.name not in made]
    requests = [
        (it.slot, out[it.name], None if it.dtype is None else str(it.dtype))
        for it in rest
    ]
    lost.update(_by_name(rest, cast_into(reader, requests, threads, counter)))
    for name, array in made.items():
        out[name][...] = array
    return {it.name: out[it.name] for it in wanted}, lost


def _check_out(
    name: str, out: np.ndarray, dtype: np.dtype, shape: tuple[int, ...]
) -> None:
    """Checks that numbers of that dtype and shape fit into ``out``."""
    if not isinstance(out, np.ndarray):
        raise TypeError(f"tensor {name!r}: out must be a numpy.ndarray")
    if out.dtype != dtype:
        raise TypeError(
            f"tensor {name!r}: out has dtype {out.dtype}, dtype= asks for {dtype}"
        )
    if out.shape != shape:
        raise ValueError(
            f"tensor {name!r}: out has shape {out.shape}, the tensor {shape}"
        )
    if not out.flags.writeable:
        raise ValueError(f"tensor {name!r}: out is read-only")
