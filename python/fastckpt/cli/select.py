"""Which tensors are meant by the names and patterns that were typed."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from typing import Any

from fastckpt.base.names import select
from fastckpt.cli.render.text import unescape

__all__ = ["as_meant", "select_names"]


def select_names(
    tensors: Mapping[str, Any],
    wanted: Sequence[str],
    order: Callable[[str], Any] | None = None,
) -> list[str]:
    """Gives the names that were asked for, each once.

    What is typed is taken as a name, then as a name in the escaped form that ``ls``
    prints, then as a pattern (``fnmatchcase``; ``*`` also matches ``/``).

    Args:
        tensors: The checkpoint.
        wanted: Names and patterns; none of them: everything.
        order: Gives what sorts the names that one pattern means; None: as they come.

    Raises:
        KeyError: There is no such tensor; the closest names are in the message.
    """
    names = list(tensors)
    if not wanted:
        return names
    slots = {name: slot for slot, name in enumerate(names)}
    chosen: dict[str, int] = {}
    for text in as_meant(slots, wanted):
        found = select([text], lambda: names, slots.get)
        chosen.update((it, 0) for it in (sorted(found, key=order) if order else found))
    return list(chosen)


def as_meant(names: Container[str], typed: Iterable[str]) -> list[str]:
    """Gives names and patterns as the library takes them, names no longer escaped.

    Args:
        names: All there are.
        typed: As ``select_names`` takes them.
    """
    plain = {text: unescape(text) for text in typed}
    return [
        text if text in names or name not in names else name
        for text, name in plain.items()
    ]
