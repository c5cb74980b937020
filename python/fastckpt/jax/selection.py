"""Which tensors become arrays: strings do not, nor what has no form anywhere."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from fastckpt.reading import requests
from fastckpt.reading.checkpoint import Checkpoint

__all__ = ["Chosen", "select", "warn_of_left"]

_MOST_NAMED = 5
_FORMLESS = ("string", "resource", "variant")


class Chosen(NamedTuple):
    """The tensors of a call.

    Attributes:
        slots: {name in the result: slot}, of tensors that are numbers.
        left: The names of those that were left out, as JAX has no form for them.
    """

    slots: dict[str, int]
    left: list[str]


def select(
    checkpoint: Checkpoint,
    names: Iterable[str] | Mapping[str, str] | None,
    drop: Iterable[str],
) -> Chosen:
    """Gives the tensors that are asked for.

    Raises:
        KeyError: A name or pattern fits nothing.
        TypeError: JAX has no form for what is asked for by name; says how to leave it
            out.
        CorruptionError: The index is wrong about a tensor.
    """
    reader = checkpoint._reader
    slots = dict(zip(*requests.choose(reader, names, None, drop), strict=True))
    left = []
    for name, slot in slots.items():
        info = reader.info(slot)
        if info.tf_dtype in _FORMLESS:
            if names is not None:
                raise TypeError(
                    f"tensor {info.name!r}: JAX has no arrays of {info.tf_dtype}; "
                    f"leave it out: drop=[{info.name!r}]"
                )
            left.append(name)
        elif info.dtype is None:
            # Raises what a load says of it, before anything is read.
            requests.load(reader, [name], [slot], False, 1, None)
    for name in left:
        del slots[name]
    return Chosen(slots, left)


def warn_of_left(left: list[str], stacklevel: int) -> None:
    """Warns of what was left out, if anything was.

    Warns:
        UserWarning: The one of ``load``.
    """
    if not left:
        return
    shown = ", ".join(map(repr, left[:_MOST_NAMED]))
    more = len(left) - _MOST_NAMED
    listed = f"{shown} and {more:,} more" if more > 0 else shown
    warnings.warn(
        f"JAX has no strings, resources and variants; left out: {listed}",
        UserWarning,
        stacklevel=stacklevel + 1,
    )
