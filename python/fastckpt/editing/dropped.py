"""Which tensors patterns leave out."""

from __future__ import annotations

from collections.abc import Iterable

from fastckpt.base.names import match
from fastckpt.objects.message import GRAPH_KEY

__all__ = ["match_dropped", "spare_graph"]


def match_dropped(names: list[str], patterns: Iterable[str]) -> set[str]:
    """Gives the names of the tensors that patterns leave out.

    Raises:
        KeyError: A pattern fits nothing.
    """
    slots = {name: slot for slot, name in enumerate(names)}
    dropped: set[str] = set()
    for pattern in [patterns] if isinstance(patterns, str) else patterns:
        found = match([pattern], lambda: names, slots.get)
        dropped |= spare_graph(found, pattern)
    return dropped


def spare_graph(found: Iterable[str], pattern: str) -> set[str]:
    """Gives what a pattern leaves out of what it fits.

    The object graph says how TensorFlow 2 finds the rest, and goes only where it alone
    is meant: ``*`` is of tensors.
    """
    dropped = set(found)
    if pattern != GRAPH_KEY and len(dropped) > 1:
        dropped.discard(GRAPH_KEY)
    return dropped
