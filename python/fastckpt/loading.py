"""Many tensors at once: which ones, and into what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from fastckpt import region, strings
from fastckpt._native import Progress, Reader
from fastckpt.errors import UnsupportedError
from fastckpt.select import select

__all__ = ["choose", "load", "load_into", "read_many"]

_Request = tuple[int, region.Region, np.ndarray | None]


def choose(
    reader: Reader,
    names: Iterable[str] | Mapping[str, str] | None,
    out: Mapping[str, np.ndarray] | None,
) -> dict[str, int]:
    """Gives {name in the result: slot} for what ``load`` was asked for.

    Raises:
        KeyError: Nothing matches a name, or ``out`` has no array for one.
    """
    if names is None:
        if out is None:
            return dict(zip(reader.names(), reader.slots(), strict=True))
        names = {name: name for name in out}
    slots = select(names, reader.names(), reader.find)
    if out is not None:
        for name in slots:
            if name not in out:
                raise KeyError(f"out has no array for {name!r}")
    return slots


def load(
    reader: Reader,
    slots: dict[str, int],
    copy: bool,
    threads: int,
    counter: Progress | None,
) -> dict[str, np.ndarray]:
    """Takes tensors as views where they can be, or copies all of them.

    Raises:
        UnsupportedError: A tensor has no form in NumPy; says how to leave it out.
    """
    take = reader.copy if copy else reader.take
    try:
        arrays = take(list(slots.values()), threads, counter)
    except UnsupportedError as error:
        raise _how_to_leave_out(error) from None
    return dict(zip(slots, arrays, strict=True))


def load_into(
    reader: Reader,
    slots: dict[str, int],
    out: Mapping[str, np.ndarray],
    threads: int,
    counter: Progress | None,
) -> dict[str, np.ndarray]:
    """Copies tensors into arrays, all of which are checked before the first."""
    requests: list[_Request] = [
        (slot, region.whole(reader.shape(slot)), out[name])
        for name, slot in slots.items()
    ]
    read_many(reader, requests, threads, counter)
    return {name: out[name] for name in slots}


def read_many(
    reader: Reader,
    requests: list[_Request],
    threads: int,
    counter: Progress | None,
) -> list[np.ndarray]:
    """Copies regions, numeric ones in the order of the files, then strings."""
    numeric = []
    texts = {}
    for at, (slot, part, out) in enumerate(requests):
        if strings.holds_strings(reader, slot):
            texts[at] = (slot, part, out)
            if out is not None:
                strings.check_out(out, _kept(part))
        else:
            numeric.append(
                (slot, part, _make(reader, slot, part) if out is None else out)
            )
    reader.read_into(numeric, threads, counter)
    arrays = iter(numeric)
    return [
        strings.read(reader, *texts[at]) if at in texts else next(arrays)[2]
        for at in range(len(requests))
    ]


def _make(reader: Reader, slot: int, part: region.Region) -> np.ndarray:
    """Makes an array for a region that is known to be there."""
    reader.check(slot, part)
    return np.empty(_kept(part), reader.info(slot).dtype)


def _kept(part: region.Region) -> tuple[int, ...]:
    return tuple(count for _, count, _, keep in part if keep)


def _how_to_leave_out(error: UnsupportedError) -> UnsupportedError:
    if error.tensor is None:
        return error
    hint = f"; to leave it out: load([n for n in ckpt if n != {error.tensor!r}])"
    return UnsupportedError(
        str(error) + hint, path=error.path, offset=error.offset, tensor=error.tensor
    )
