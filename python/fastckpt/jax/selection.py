"""Which tensors become arrays: the object graph is left out, other strings refused."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from fastckpt.objects.message import GRAPH_KEY
from fastckpt.reading import requests
from fastckpt.reading.checkpoint import Checkpoint

__all__ = ["Chosen", "select", "warn_of_graph"]


class Chosen(NamedTuple):
    """The tensors of a call.

    Attributes:
        slots: {name in the result: slot}, of tensors that are numbers.
        has_graph_left: Whether the object graph was left out of them.
    """

    slots: dict[str, int]
    has_graph_left: bool


def select(
    checkpoint: Checkpoint,
    names: Iterable[str] | Mapping[str, str] | None,
    drop: Iterable[str],
) -> Chosen:
    """Gives the tensors that are asked for.

    Raises:
        KeyError: A name or pattern fits nothing.
        TypeError: A tensor of strings is asked for; says how to leave it out.
        UnsupportedError, CorruptionError: A tensor has no form outside TensorFlow.
    """
    if names is not None and not isinstance(names, Mapping):
        names = [names] if isinstance(names, str) else list(names)
    reader = checkpoint._reader
    slots = dict(zip(*requests.choose(reader, names, None, drop), strict=True))
    graph = reader.find(GRAPH_KEY)
    is_left = (
        graph is not None
        and graph in slots.values()
        and reader.is_string(graph)
        and not _is_named(names)
    )
    if is_left:
        slots = {name: slot for name, slot in slots.items() if slot != graph}
    for slot in slots.values():
        info = reader.info(slot)
        if reader.is_string(slot):
            raise TypeError(
                f"tensor {info.name!r} is of strings, which JAX has no arrays of; to "
                f"leave it out: load(drop=[{info.name!r}])"
            )
        if info.dtype is None:
            _refuse_formless(checkpoint, slot)
    return Chosen(slots, is_left)


def _is_named(names: Iterable[str] | Mapping[str, str] | None) -> bool:
    """Tells whether the object graph itself is asked for, and no pattern fits it."""
    if names is None:
        return False
    return GRAPH_KEY in (names.values() if isinstance(names, Mapping) else names)


def _refuse_formless(checkpoint: Checkpoint, slot: int) -> None:
    """Raises what a load says of a tensor that cannot be read, before anything is."""
    name = checkpoint._reader.info(slot).name
    requests.load(checkpoint._reader, [name], [slot], False, 1, None)
    raise AssertionError(name)


def warn_of_graph(stacklevel: int) -> None:
    """Warns that the object graph was left out.

    Warns:
        UserWarning: The one of ``load``.
    """
    warnings.warn(
        f"the object graph, {GRAPH_KEY!r}, is no array and was left out; "
        f"drop={[GRAPH_KEY]!r} says that it is to be",
        UserWarning,
        stacklevel=stacklevel + 1,
    )
