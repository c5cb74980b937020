"""Many tensors at once: which ones, and into what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import numpy as np

from fastckpt._native import Progress, Reader
from fastckpt.base.deferred import importing
from fastckpt.base.names import Miss, match, select
from fastckpt.errors import MissingKeyError, UnsupportedError
from fastckpt.reading import string_tensors as strings

__all__ = [
    "Copy",
    "Request",
    "check_copy",
    "check_targets",
    "choose",
    "load",
    "load_into",
    "read_many",
]

#: Whether arrays are the caller's own, and when: at once, or as they are written.
Copy = bool | Literal["on-write"]
#: A slot, a region as callers write it, and what to copy into.
Request = tuple[int, Any, np.ndarray | None]


def choose(
    reader: Reader,
    names: Iterable[str] | Mapping[str, str] | None,
    out: Mapping[str, np.ndarray] | None,
    drop: Iterable[str],
    miss: Miss | None = None,
) -> tuple[list[str], list[int]]:
    """Gives the names in the result, and their slots, for what ``load`` asks for.

    Raises:
        KeyError: Nothing matches a name, or ``out`` has no array for one.
    """
    dropped = set(match(drop, reader.names, reader.find, miss).values())
    if names is None and out is None and not dropped:
        return reader.names(), reader.slots()
    if names is None:
        names = {name: name for name in (reader.names() if out is None else out)}
    slots = select(names, reader.names, reader.find, miss)
    slots = {name: slot for name, slot in slots.items() if slot not in dropped}
    if out is not None:
        for name in slots:
            if name not in out:
                raise MissingKeyError(f"out has no array for {name!r}")
    return list(slots), list(slots.values())


def check_copy(copy: Copy, out: Mapping[str, np.ndarray] | None) -> None:
    """Checks what ``load`` is told about copies.

    Raises:
        ValueError: No such way, or one that leaves ``out`` without a meaning.
    """
    if not isinstance(copy, str):
        return
    if copy != "on-write":
        raise ValueError(f"copy must be True, False or 'on-write', not {copy!r}")
    if out is not None:
        raise ValueError("copy='on-write' makes arrays of its own: it takes no out=")


def load(
    reader: Reader,
    names: list[str],
    slots: list[int],
    copy: Copy,
    threads: int,
    counter: Progress | None,
) -> dict[str, np.ndarray]:
    """Takes tensors as views where they can be, or copies all of them.

    Raises:
        UnsupportedError: A tensor has no form in NumPy; says how to leave it out.
    """
    take = reader.copy if copy else reader.take
    if copy == "on-write":
        take = reader.take_on_write
    try:
        arrays = take(slots, threads, counter)
    except UnsupportedError as error:
        raise _how_to_leave_out(error) from None
    return dict(zip(names, arrays, strict=True))


def load_into(
    reader: Reader,
    names: list[str],
    slots: list[int],
    out: Mapping[str, np.ndarray],
    threads: int,
    counter: Progress | None,
) -> dict[str, np.ndarray]:
    """Copies tensors into arrays, all of which are checked before the first."""
    check_targets(names, out)
    requests: list[Request] = [
        (slot, None, out[name]) for name, slot in zip(names, slots, strict=True)
    ]
    read_many(reader, requests, threads, counter)
    return {name: out[name] for name in names}


def check_targets(names: list[str], out: Mapping[str, np.ndarray]) -> None:
    """Checks that there is an array for each tensor, and each has its own memory."""
    for name in names:
        if out[name] is None:  # which would ask for an array of its own
            raise TypeError(f"tensor {name!r}: out must be a numpy.ndarray, not None")
    _check_apart({name: out[name] for name in names})


def _check_apart(out: Mapping[str, np.ndarray]) -> None:
    """Checks that no tensor would be written over another one's array.

    Arrays whose bytes interleave without touching are apart; where that is too hard
    to tell they are taken to be.
    """
    arrays = {name: it for name, it in out.items() if isinstance(it, np.ndarray)}
    bounds = sorted(
        (*np.lib.array_utils.byte_bounds(it), n) for n, it in arrays.items()
    )
    reach, last = 0, ""
    for low, high, name in bounds:
        if low < reach and low < high and _overlap(arrays[last], arrays[name]):
            raise ValueError(f"out[{last!r}] and out[{name!r}] share memory")
        if high > reach:
            reach, last = high, name


def _overlap(one: np.ndarray, other: np.ndarray) -> bool:
    with importing:
        from numpy.exceptions import TooHardError

    try:
        # NumPy's stub knows two limits of those that are possible.
        return np.shares_memory(one, other, max_work=10_000)  # type: ignore[arg-type]
    except TooHardError:
        return False


def read_many(
    reader: Reader,
    requests: list[Request],
    threads: int,
    counter: Progress | None,
    *,
    checks_first: bool = True,
) -> list[np.ndarray]:
    """Copies regions, numeric ones in the order of the files, and strings.

    What goes into arrays of the caller is found and checked before the first of them
    is written: damage must not leave them half old and half new. Where they are of no
    use anyhow without the rest, ``checks_first`` may be False: one pass less.
    """
    numeric = []
    texts: dict[int, Request] = {}
    has_out = any(out is not None for _, _, out in requests)
    for at, (slot, region, out) in enumerate(requests):
        # Regions are looked at before anything is written.
        shape = reader.region_shape(slot, region)
        if reader.is_string(slot):
            texts[at] = (slot, region, out)
            if out is not None:
                strings.check_out(reader.info(slot).name, out, shape)
        else:
            if out is None:
                out = _make(reader, slot, region, shape)
            numeric.append((slot, region, out))
    read = {at: strings.read(reader, *text[:2]) for at, text in texts.items()}
    if has_out and checks_first and reader.is_remote():
        _read_beside(reader, numeric, threads, counter)
    else:
        reader.read_into(numeric, threads, counter, has_out and checks_first)
    arrays = iter(numeric)
    return [
        strings.put(read[at], texts[at][2]) if at in texts else next(arrays)[2]
        for at in range(len(requests))
    ]


def _read_beside(
    reader: Reader,
    requests: list[tuple[int, Any, np.ndarray]],
    threads: int,
    counter: Progress | None,
) -> None:
    """Fetches all before anything is written, and each byte once."""
    beside: list[tuple[int, Any, np.ndarray]] = []
    for slot, region, out in requests:
        # What cannot be written to is refused by the core, before anything is.
        if isinstance(out, np.ndarray) and out.flags.writeable:
            beside.append((slot, region, np.empty(out.shape, out.dtype)))
        else:
            beside.append((slot, region, out))
    reader.read_into(beside, threads, counter, False)
    for (_, _, out), (_, _, found) in zip(requests, beside, strict=True):
        if out is not found:
            out[...] = found


def _make(reader: Reader, slot: int, region: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Makes an array for a region once that is known to be there."""
    reader.check(slot, region)
    return np.empty(shape, reader.info(slot).dtype)


def _how_to_leave_out(error: UnsupportedError) -> UnsupportedError:
    if error.tensor is None:
        return error
    hint = f"; to leave it out: load(drop=[{error.tensor!r}])"
    return UnsupportedError(
        str(error) + hint, path=error.path, offset=error.offset, tensor=error.tensor
    )
