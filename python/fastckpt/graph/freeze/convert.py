"""A graph with constants in place of variables: its nodes, and its functions.

A function that a frozen variable reaches becomes one of its own for each combination of
arguments that are frozen: callers that pass a variable that stays one keep the old.
Source: tensorflow/python/framework/convert_to_constants.py.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import Any

from fastckpt.errors import CorruptionError
from fastckpt.graph.freeze.calls import LOOPS, list_calls, retype_call, shift_arguments
from fastckpt.graph.freeze.flow import CALLS, Body, Flow, Frozen
from fastckpt.graph.freeze.function_names import get_stem, settle_functions
from fastckpt.graph.freeze.functions import (
    MAX_WAYS,
    FunctionKey,
    Functions,
    has_handle,
    list_outputs,
)
from fastckpt.graph.freeze.rewrite import Inputs, NewNodes, make_refusal, rewrite_node
from fastckpt.graph.freeze.signatures import rename_outputs, retype_function
from fastckpt.graph.freeze.updates import (
    Updates,
    find_needed,
    find_wanted,
    group_aliases,
)

__all__ = ["drop_updates", "freeze_variables"]


def freeze_variables(
    graph: Any, variables: Iterable[Frozen], outputs: list[str]
) -> None:
    """Rewrites a GraphDef, in place, for constants in place of some variables.

    The variables' own nodes are left as they are, for the caller to replace.

    Raises:
        UnsupportedError: a node needs one of the variables itself, not its value.
        CorruptionError: the graph contradicts itself.
    """
    functions = Functions(graph.library, group_aliases(graph.node))
    library = _Library(functions)
    body = Body(graph.node)
    new = NewNodes(set(body.nodes), in_function=False)
    try:
        flow = functions.follow_variables(body, variables)
        needed = find_needed(body, flow, [*outputs, *find_wanted(body, outputs)])
        library.rewrite_body(body, flow, new, needed)
        graph.node.extend(new.nodes)
        library.finish(graph)
    except RecursionError:
        raise CorruptionError("the functions call each other too deeply") from None


def drop_updates(graph: Any, variables: Iterable[Frozen], outputs: list[str]) -> bool:
    """Makes updates, in place, that the outputs do not need nodes that change nothing.

    Those in functions are left for ``freeze_variables``.

    Args:
        graph: The GraphDef.
        variables: Those that are to be frozen; their shapes are of no matter.
        outputs: The names of the output nodes.

    Returns:
        Whether there were any.

    Raises:
        UnsupportedError: The outputs need an update, or its variable after it.
        CorruptionError: The graph contradicts itself.
    """
    body = Body(graph.node)
    functions = Functions(graph.library, group_aliases(graph.node))
    try:
        flow = functions.follow_variables(body, variables)
        updates = Updates(body, flow, functions.find_effects, functions.aliases)
        wanted = find_wanted(body, outputs)
        return updates.drop(find_needed(body, flow, [*outputs, *wanted]), wanted)
    except RecursionError:
        raise CorruptionError("the functions call each other too deeply") from None


class _Library:
    """The functions that are made from others."""

    def __init__(self, functions: Functions) -> None:
        self._functions = functions
        self._names: dict[tuple[FunctionKey, bool, bool], str] = {}
        self._made: dict[str, list[Any]] = {}
        self._numbers = itertools.count()

    def rewrite_body(
        self, body: Body, flow: Flow, new: NewNodes, needed: set[str]
    ) -> None:
        """Rewrites the nodes that are reached, in place.

        Args:
            body: The nodes.
            flow: Where the variables flow.
            new: Takes the nodes that are needed beside them.
            needed: The nodes whose values are needed.
        """
        for name, inputs in flow.inputs.items():
            node = body.nodes[name]
            if node.op in CALLS:
                self._rewrite_call(node, inputs, new.in_function, name in needed)
            elif node.op in self._functions.messages and has_handle(inputs):
                node.op = self._specialize(node.op, inputs, is_needed=name in needed)
            else:
                rewrite_node(node, inputs, new)

    def finish(self, graph: Any) -> None:
        """Puts the functions that were made behind those that they are made from.

        A function that is still called as it was stays, too.
        """
        functions = []
        for name, function in self._functions.messages.items():
            functions += [function, *self._made.get(name, [])]
        settle_functions(graph, functions)

    def _rewrite_call(
        self, node: Any, inputs: Inputs, in_function: bool, is_needed: bool
    ) -> None:
        call = CALLS[node.op]
        arguments = shift_arguments(inputs, call.first_input)
        if not arguments:
            return
        if node.op in LOOPS:
            self._check_loop(node, inputs)
        returned = self._functions.find_returned(node, inputs)
        retype_call(node, arguments, returned, in_function)
        for attr in call.functions:
            is_body = node.op in LOOPS and attr == "body"
            for function in list_calls(node, attr):
                function.name = self._specialize(
                    function.name, arguments, is_loop=is_body, is_needed=is_needed
                )

    def _check_loop(self, node: Any, inputs: Inputs) -> None:
        """Refuses loops that change what their condition asks."""
        effects = self._functions.find_effects(node, inputs)
        for call in list_calls(node, "cond") if effects and effects.changed else ():
            asked = self._functions.list_asked(call.name, inputs)
            changed = effects.changed & asked if effects else asked
            if changed:
                raise make_refusal(node, min(changed))

    def _specialize(
        self,
        name: str,
        arguments: Mapping[int, Frozen],
        *,
        is_loop: bool = False,
        is_needed: bool,
    ) -> str:
        """Gives the name of a function that takes values where it took variables.

        Args:
            name: The function as it was.
            arguments: What is frozen among its arguments.
            is_loop: Whether it is the body of a loop.
            is_needed: Whether what it returns is needed.
        """
        functions = self._functions
        if name not in functions.messages or not arguments:
            return name
        is_needed = is_needed or not functions.changes(name, arguments)
        key = functions.make_key(name, arguments), is_loop, is_needed
        if len(self._names) > MAX_WAYS:
            raise CorruptionError("the functions call each other in too many ways")
        if key not in self._names:
            made = type(functions.messages[name])()
            made.CopyFrom(functions.messages[name])
            made.signature.name = self._make_name(name)
            self._names[key] = made.signature.name
            self._made.setdefault(name, []).append(made)
            self._rewrite_function(made, arguments, is_loop, is_needed)
        return self._names[key]

    def _rewrite_function(
        self,
        function: Any,
        arguments: Mapping[int, Frozen],
        is_loop: bool,
        is_needed: bool,
    ) -> None:
        body, flow = self._functions.enter(function, arguments)
        needed = find_needed(body, flow, list_outputs(function) if is_needed else ())
        find_effects, aliases = self._functions.find_effects, self._functions.aliases
        if Updates(body, flow, find_effects, aliases, is_loop=is_loop).drop(needed):
            body, flow = self._functions.enter(function, arguments)
        retype_function(function, flow, arguments, is_loop)
        reads = {
            name for name in flow.inputs if body.nodes[name].op == "ReadVariableOp"
        }
        names = set(body.nodes) | {each.name for each in function.signature.input_arg}
        new = NewNodes(names, in_function=True)
        self.rewrite_body(body, flow, new, needed)
        function.node_def.extend(new.nodes)
        rename_outputs(function, reads)

    def _make_name(self, name: str) -> str:
        """Gives a name for now; ``settle_functions`` makes the last one."""
        while True:
            made = f"{get_stem(name)}_frozen_{next(self._numbers)}"
            if made not in self._functions.messages:
                return made
