"""Which tensors are meant by the names and patterns that were typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastckpt.base.names import select
from fastckpt.cli.render.text import unescape

__all__ = ["select_names"]


def select_names(tensors: Mapping[str, Any], wanted: Sequence[str]) -> list[str]:
    """Gives the names that were asked for, each once.

    What is typed is taken as a name, then as a name in the escaped form that ``ls``
    prints, then as a pattern (``fnmatchcase``; ``*`` also matches ``/``).

    Args:
        tensors: The checkpoint.
        wanted: Names and patterns; none of them: everything.

    Raises:
        KeyError: There is no such tensor; the closest names are in the message.
    """
    names = list(tensors)
    if not wanted:
        return names
    slots = {name: slot for slot, name in enumerate(names)}
    chosen: dict[str, int] = {}
    for text in wanted:
        plain = unescape(text)
        literal = text if text in slots or plain not in slots else plain
        chosen.update(select([literal], names, slots.get))
    return list(chosen)
