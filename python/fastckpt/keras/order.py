"""Which layers of a model follow which, where its connections tell it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastckpt.base.deferred import importing

__all__ = ["find_order"]


def find_order(holder: Any) -> Callable[[Any, Any], bool]:
    """Gives what tells whether one of two layers takes what the other one gives.

    Then their places are no convention. In a model that is a plain program nothing
    tells it.
    """
    with importing:
        import keras

    if isinstance(holder, keras.Sequential):
        own = {id(layer) for layer in holder.layers}
        return lambda one, other: {id(one), id(other)} <= own
    bits, before = _find_ancestors(holder)

    def follows(one: Any, other: Any) -> bool:
        first, second = bits.get(id(one), 0), bits.get(id(other), 0)
        is_after = before.get(id(other), 0) & first
        return bool(is_after or before.get(id(one), 0) & second)

    return follows


def _find_ancestors(model: Any) -> tuple[dict[int, int], dict[int, int]]:
    """Gives a bit for each operation of a functional model, and those before it."""
    by_depth = getattr(model, "_nodes_by_depth", {})
    bits: dict[int, int] = {}
    before: dict[int, int] = {}
    for depth in sorted(by_depth, reverse=True):
        for node in by_depth[depth]:
            key = id(node.operation)
            bits.setdefault(key, 1 << len(bits))
            found = before.get(key, 0)
            for parent in node.parent_nodes:
                at = id(parent.operation)
                found |= bits.get(at, 0) | before.get(at, 0)
            before[key] = found
    return bits, before
