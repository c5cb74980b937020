"""Where variables flow in the functions of a graph, and what is done to them there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fastckpt.errors import CorruptionError, UnsupportedError
from fastckpt.graph.freeze.calls import list_calls, list_returning, shift_arguments
from fastckpt.graph.freeze.flow import CALLS, Body, Flow, Form, Frozen
from fastckpt.graph.freeze.rewrite import Inputs
from fastckpt.graph.freeze.signatures import list_returned, returns_resources
from fastckpt.graph.freeze.updates import Effects, Updates
from fastckpt.graph.names import parse_input

__all__ = ["MAX_WAYS", "FunctionKey", "Functions", "has_handle", "list_outputs"]

# Functions called with their arguments in every order could be as many as one likes.
MAX_WAYS = 10_000

# A function as it is called: its name, and what is frozen among its arguments.
FunctionKey = tuple[str, tuple[tuple[Any, ...], ...]]


class Functions:
    """The functions of a graph, as they are before anything is rewritten.

    Attributes:
        messages: The functions' messages by name.
        aliases: One name for all nodes that are the same variable.
    """

    def __init__(self, library: Any, aliases: Mapping[str, str]) -> None:
        self.messages = {f.signature.name: f for f in library.function}
        self.aliases = aliases
        self._effects: dict[FunctionKey, tuple[set[int], set[int]]] = {}
        self._flows: dict[FunctionKey, Flow | None] = {}

    def follow_variables(self, body: Body, variables: Iterable[Frozen]) -> Flow:
        """Gives where variables flow among the nodes of the graph itself."""
        flow = Flow(body, self.find_returned)
        for variable in variables:
            flow.enter(variable.variable, variable)
        return flow.finish()

    def enter(
        self, function: Any, arguments: Mapping[int, Frozen]
    ) -> tuple[Body, Flow]:
        """Gives a function's body, and where its arguments flow in it."""
        body = Body(function.node_def, function.ret.values())
        flow = Flow(body, self.find_returned)
        for index, frozen in arguments.items():
            if index < len(function.signature.input_arg):
                flow.enter(function.signature.input_arg[index].name, frozen)
        return body, flow.finish()

    def get_alias(self, frozen: Frozen) -> str:
        """Gives one name for all nodes that are the same variable."""
        return self.aliases.get(frozen.variable, frozen.variable)

    def find_returned(self, node: Any, inputs: Inputs) -> dict[int, Frozen]:
        """Gives the handles that a calling node returns, by its outputs."""
        call = CALLS[node.op]
        arguments = shift_arguments(inputs, call.first_input)
        names = list_returning(node)
        returned = [self._find_returned_by(name, arguments) for name in names]
        if not returned:
            return {}
        everywhere = set(returned[0]).intersection(*returned)
        somewhere = set(returned[0]).union(*returned)
        if everywhere != somewhere:
            raise UnsupportedError(
                f"node {node.name!r} ({node.op}) gives a frozen variable on one branch "
                "and another one on the other; freeze all of them or none"
            )
        return {index: returned[0][index] for index in sorted(everywhere)}

    def find_effects(self, node: Any, inputs: Inputs) -> Effects | None:
        """Gives what a node does in the functions that it calls, None if none."""
        if node.op in CALLS:
            call = CALLS[node.op]
            arguments = shift_arguments(inputs, call.first_input)
            names = [f.name for attr in call.functions for f in list_calls(node, attr)]
        else:
            arguments = {i: it.as_argument() for i, it in inputs.items()}
            names = [node.op]
        names = [name for name in names if name in self.messages]
        if not names or not has_handle(arguments):
            return None
        found = [self._find_effects_of(name, arguments) for name in names]
        changed, read = (set[int]().union(*each) for each in zip(*found, strict=True))
        return Effects(
            {arguments[index].variable for index in changed},
            {arguments[index].variable for index in read},
        )

    def changes(self, name: str, arguments: Mapping[int, Frozen]) -> bool:
        """Tells whether a function changes variables that come as arguments."""
        return bool(self._find_effects_of(name, arguments)[0])

    def _find_effects_of(
        self, name: str, arguments: Mapping[int, Frozen]
    ) -> tuple[set[int], set[int]]:
        """Gives the arguments that a function changes, and those that it reads."""
        key = self.make_key(name, arguments)
        if len(self._effects) > MAX_WAYS:
            raise CorruptionError("the functions call each other in too many ways")
        if key not in self._effects:
            everything = set(arguments)
            self._effects[key] = set(), everything  # for one that calls itself
            function = self.messages[name]
            body, flow = self.enter(function, arguments)
            updates = Updates(body, flow, self.find_effects, self.aliases)
            effects = updates.find_effects(list_outputs(function))
            aliases = {i: self.get_alias(it) for i, it in arguments.items()}
            changed, read = (
                {index for index, alias in aliases.items() if alias in each}
                for each in effects
            )
            self._effects[key] = changed, read
        return self._effects[key]

    def list_asked(self, name: str, arguments: Mapping[int, Frozen]) -> set[str]:
        """Gives the variables among a function's arguments that its body uses."""
        function = self.messages.get(name)
        if function is None:
            return set()
        body, names = Body(function.node_def), function.signature.input_arg
        return {
            frozen.variable
            for index, frozen in arguments.items()
            if index < len(names) and body.list_reads(names[index].name)
        }

    def make_key(self, name: str, arguments: Mapping[int, Frozen]) -> FunctionKey:
        """Gives what tells one way to call a function from another."""
        parts: list[tuple[Any, ...]] = []
        first: dict[str, int] = {}
        for index, each in sorted(arguments.items()):
            # The shape of a variable is written into the loops that carry its handle,
            # and whether arguments are one variable tells which updates can go.
            is_handle = each.form is Form.HANDLE
            same = first.setdefault(self.get_alias(each), index)
            shape = each.shape if is_handle else None
            parts.append((index, each.dtype, each.form, shape, same))
        return name, tuple(parts)

    def _find_returned_by(
        self, name: str, arguments: Mapping[int, Frozen]
    ) -> dict[int, Frozen]:
        function = self.messages.get(name)
        if function is None or not returns_resources(function):
            return {}
        key = self.make_key(name, arguments)
        if len(self._flows) > MAX_WAYS:
            raise CorruptionError("the functions call each other in too many ways")
        if key not in self._flows:
            self._flows[key] = None  # a function that calls itself finds this
            self._flows[key] = self.enter(function, arguments)[1]
        flow = self._flows[key]
        return {} if flow is None else list_returned(function, flow)


def list_outputs(function: Any) -> list[str]:
    """Gives the nodes of a function's body whose values it returns."""
    return [parse_input(text).node for text in function.ret.values()]


def has_handle(inputs: Inputs) -> bool:
    """Tells whether one of the inputs is a variable itself."""
    return any(frozen.form is Form.HANDLE for frozen in inputs.values())
