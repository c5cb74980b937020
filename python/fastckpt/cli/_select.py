"""Which tensors are meant by the names and patterns that were typed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fnmatch import translate
from typing import Any

from fastckpt.cli._errors import UsageError
from fastckpt.cli._text import escape, unescape

__all__ = ["select_names"]

_WILDCARDS = re.compile(r"[*?[]")


def select_names(tensors: Mapping[str, Any], wanted: Sequence[str]) -> list[str]:
    """Gives the names that were asked for, each once.

    What is typed is taken as a name, then as a name in the escaped form that ``ls``
    prints, then as a pattern (``fnmatchcase``; ``*`` also matches ``/``).

    Args:
        tensors: The checkpoint.
        wanted: Names and patterns; none of them: everything.

    Raises:
        KeyError: There is no tensor of such a name; the closest names are in it.
        UsageError: A pattern matches nothing.
    """
    chosen: dict[str, None] = {}
    for text in wanted:
        chosen.update(dict.fromkeys(_match(tensors, text)))
    return list(chosen) if wanted else list(tensors)


def _match(tensors: Mapping[str, Any], text: str) -> list[str]:
    for name in (text, unescape(text)):
        if name in tensors:
            return [name]
    matches = re.compile(translate(text)).match
    found = [name for name in tensors if matches(name)]
    if not found and _WILDCARDS.search(text):
        raise UsageError(f"no tensor matches the pattern {escape(text)!r}")
    return found or [tensors[text]]
