"""Names in a tree of scopes: what lies in which, and how much of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, NamedTuple, TypeVar

__all__ = ["Leaf", "Row", "arrange", "find_separator"]

_Item = TypeVar("_Item")


class Leaf(NamedTuple, Generic[_Item]):
    """Something with a name that is made of parts.

    Attributes:
        parts: The names of its scopes, and its own.
        item: What it is.
        size: How much of it there is.
    """

    parts: tuple[str, ...]
    item: _Item
    size: int


class Row(NamedTuple, Generic[_Item]):
    """A line of the tree: a scope, or something in one.

    Attributes:
        depth: How many scopes are shown around it.
        parts: Its own name; of a scope that has nothing but one other, both.
        scope: All names down to here.
        item: What it is; None: a scope.
        things: How many are in it.
        size: How much that is.
    """

    depth: int
    parts: tuple[str, ...]
    scope: tuple[str, ...]
    item: _Item | None
    things: int
    size: int


class _Scope:
    __slots__ = ("count", "leaves", "scopes", "size")

    def __init__(self) -> None:
        self.scopes: dict[str, _Scope] = {}
        self.leaves: list[Leaf[Any]] = []
        self.count = self.size = 0


def find_separator(names: Iterable[str]) -> str:
    """Gives what separates scopes in names: ``/``, or ``.`` where none has one."""
    return "/" if any("/" in name for name in names) else "."


def arrange(
    leaves: Iterable[Leaf[_Item]], order: Callable[[str], Any]
) -> Iterator[Row[_Item]]:
    """Gives the lines of the tree, from the root, which is the first, downwards.

    What has the name of a scope stands before it. However deep the scopes are, this
    calls itself not once.

    Args:
        leaves: Things with names.
        order: Gives what sorts the names in a scope.
    """
    root = _Scope()
    for leaf in leaves:
        _add(root, leaf)
    yield Row(0, (), (), None, root.count, root.size)
    waiting: list[tuple[int, tuple[str, ...], tuple[str, ...], _Scope | Leaf[_Item]]]
    waiting = list(_list_below(root, 1, (), order))
    while waiting:
        depth, parts, names, below = waiting.pop()
        if isinstance(below, Leaf):
            yield Row(depth, parts, names, below.item, 1, below.size)
            continue
        chain, inner = [*parts], below
        while not inner.leaves and len(inner.scopes) == 1:
            ((name, inner),) = inner.scopes.items()
            chain.append(name)
        names = (*names[:-1], *chain)
        yield Row(depth, tuple(chain), names, None, below.count, below.size)
        waiting += _list_below(inner, depth + 1, names, order)


def _add(root: _Scope, leaf: Leaf[Any]) -> None:
    scope = root
    for part in leaf.parts[:-1]:
        scope.count += 1
        scope.size += leaf.size
        scope = scope.scopes.setdefault(part, _Scope())
    scope.count += 1
    scope.size += leaf.size
    scope.leaves.append(leaf)


def _list_below(
    scope: _Scope, depth: int, names: tuple[str, ...], order: Callable[[str], Any]
) -> Iterator[tuple[int, tuple[str, ...], tuple[str, ...], _Scope | Leaf[Any]]]:
    """Gives what is in a scope, the last first."""
    found: list[tuple[Any, bool, str, _Scope | Leaf[Any]]] = [
        (order(name), True, name, inner) for name, inner in scope.scopes.items()
    ]
    found += [
        (order(leaf.parts[-1]), False, leaf.parts[-1], leaf) for leaf in scope.leaves
    ]
    found.sort(key=lambda each: each[:2], reverse=True)
    for _, _, name, below in found:
        yield depth, (name,), (*names, name), below
