"""Walking a graph backwards, through the functions that its nodes call.

A scope is the graph itself or the body of a function as one node calls it; there, an
input may be an argument, which is an input of the calling node in the scope outside.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any, NamedTuple

from fastckpt.errors import CorruptionError
from fastckpt.graph.names import Source, parse_input

__all__ = ["Place", "Scope", "walk_all", "walk_back"]

_CALLS = frozenset({"PartitionedCall", "StatefulPartitionedCall"})
# What runs functions, and its first input that is their argument.
_FIRST_ARGUMENT = {
    **dict.fromkeys(_CALLS, 0),
    **dict.fromkeys(("While", "StatelessWhile"), 0),
    **dict.fromkeys(("If", "StatelessIf", "Case", "StatelessCase"), 1),
}

# Calls that are followed; each call of a function is a scope of its own, so a damaged
# graph whose functions call each other would otherwise never end.
_MAX_SCOPES = 10_000


class Scope:
    """The nodes among which names are looked up.

    Args:
        nodes: The nodes' messages by name.
        functions: All functions of the library by name.
        arguments: In a function, the arguments by name.
        callers: The functions in which this is, the innermost last.
    """

    def __init__(
        self,
        nodes: dict[str, Any],
        functions: dict[str, Any],
        arguments: dict[str, Place] | None = None,
        callers: tuple[str, ...] = (),
    ) -> None:
        self.nodes = nodes
        self.callers = callers
        self._functions = functions
        self._arguments = arguments

    @property
    def is_main(self) -> bool:
        """Whether this is the graph itself."""
        return self._arguments is None

    def find(self, text: str) -> Place | None:
        """Gives what an input names: a node here, or the argument of a caller."""
        source = parse_input(text)
        if source.node in self.nodes:
            return Place(self, self.nodes[source.node], source)
        return (self._arguments or {}).get(source.node)

    def enter(self, node: Any) -> Scope | None:
        """Gives the body of the function that a node calls, None if it calls none."""
        function = None
        if node.op in _CALLS and "f" in node.attr:
            function = self._functions.get(node.attr["f"].func.name)
        return None if function is None else self._bind(function, node.input)

    def enter_all(self, node: Any, but: Collection[str] = ()) -> Iterator[Scope]:
        """Gives the bodies of all functions that a node may run.

        Args:
            node: A call, a branch or a loop.
            but: Functions that are not entered.
        """
        first = _FIRST_ARGUMENT.get(node.op)
        for value in node.attr.values() if first is not None else ():
            called = [value.func] if value.HasField("func") else value.list.func
            for name in dict.fromkeys(each.name for each in called):
                if name in self._functions and name not in but:
                    texts = [text for text in node.input if not text.startswith("^")]
                    yield self._bind(self._functions[name], texts[first:])

    def _bind(self, function: Any, inputs: Iterable[str]) -> Scope:
        """Gives a function's body with the inputs of its caller."""
        names = [argument.name for argument in function.signature.input_arg]
        texts = [text for text in inputs if not text.startswith("^")]
        found = [
            (name, self.find(text)) for name, text in zip(names, texts, strict=False)
        ]
        return Scope(
            {each.name: each for each in function.node_def},
            self._functions,
            {name: place for name, place in found if place is not None},
            (*self.callers, function.signature.name),
        )


class Place(NamedTuple):
    """One output of a node in its scope."""

    scope: Scope
    node: Any
    source: Source

    def find_input(self, index: int) -> Place | None:
        """Gives where an input of the node comes from, None if that is nowhere."""
        if index >= len(self.node.input):
            return None
        return self.scope.find(self.node.input[index])


def walk_back(scope: Scope, start: str) -> Iterator[Place]:
    """Gives a node and all that it needs, in its scope and in the functions called.

    Raises:
        CorruptionError: functions call functions without end.
    """
    first = scope.find(start)
    waiting = [] if first is None else [first]
    seen: set[tuple[int, str]] = set()
    entered: list[Scope] = []
    while waiting:
        place = waiting.pop()
        key = (id(place.scope), place.node.name)
        if key in seen:
            continue
        seen.add(key)
        yield place
        waiting += _find_inputs(place)
        inner = place.scope.enter(place.node)
        if inner is not None:
            if len(entered) == _MAX_SCOPES:
                raise CorruptionError("the graph's functions call each other too often")
            entered.append(inner)  # kept, for scopes are told apart by their address
            waiting += [
                Place(inner, node, Source(name, "", 0, False))
                for name, node in inner.nodes.items()
            ]


def walk_all(scope: Scope, inside: Callable[[str], bool]) -> Iterator[Place]:
    """Gives all nodes of a scope and of the functions that they run.

    Args:
        scope: Where to begin.
        inside: Tells of a function's name whether to look at it.

    Raises:
        CorruptionError: functions call functions without end.
    """
    waiting, count = [scope], 0
    while waiting:
        current = waiting.pop()
        count += 1
        if count > _MAX_SCOPES:
            raise CorruptionError("the graph's functions call each other too often")
        for name, node in current.nodes.items():
            yield Place(current, node, Source(name, "", 0, False))
            for inner in current.enter_all(node, but=current.callers):
                if inside(inner.callers[-1]):
                    waiting.append(inner)


def _find_inputs(place: Place) -> list[Place]:
    found = map(place.scope.find, place.node.input)
    return [each for each in found if each is not None]
