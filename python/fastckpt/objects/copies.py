"""Variables that a checkpoint holds twice: exports of Keras 3 have all in two lists.

``ExportArchive`` keeps the model's variables as ``variables`` and, wrapped anew, as
``_all_variables``, in another order. Each is stored under two keys.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from fastckpt.objects.message import Node

__all__ = ["find_copies"]

_FIRST, _AGAIN = "variables", "_all_variables"


def find_copies(
    nodes: Sequence[Node], describe: Callable[[int], Any]
) -> dict[int, int]:
    """Finds objects whose values are others' once more.

    Args:
        nodes: The objects, the root first.
        describe: Gives what has to be the same for two objects of one full name.

    Returns:
        {object: the one that it is a copy of}; {} where there is any doubt.
    """
    held = {child.name: child.node for child in nodes[0].children} if nodes else {}
    if not {_FIRST, _AGAIN} <= held.keys():
        return {}
    first = {child.node for child in nodes[held[_FIRST]].children}
    left: dict[Any, list[int]] = {}
    for i in sorted(first, reverse=True):
        left.setdefault(describe(i), []).append(i)
    copies = {}
    for i in (child.node for child in nodes[held[_AGAIN]].children):
        if i in first:
            continue
        if not left.get(describe(i)):
            return {}
        copies[i] = left[describe(i)].pop()
    return copies
