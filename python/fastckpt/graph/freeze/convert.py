"""A graph with constants in place of variables: its nodes, and its functions.

A function that a frozen variable reaches becomes one of its own for each combination of
arguments that are frozen: callers that pass a variable that stays one keep the old.
Source: tensorflow/python/framework/convert_to_constants.py.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import Any

from fastckpt.errors import CorruptionError, UnsupportedError
from fastckpt.graph.freeze.calls import (
    LOOPS,
    list_calls,
    list_returning,
    retype_call,
)
from fastckpt.graph.freeze.flow import CALLS, Body, Flow, Form, Frozen, Port
from fastckpt.graph.freeze.function_names import get_stem, settle_functions
from fastckpt.graph.freeze.rewrite import Inputs, NewNodes, rewrite_node
from fastckpt.graph.names import parse_input

__all__ = ["freeze_variables"]

_RESOURCE = 20  # DT_RESOURCE

# Functions called with their arguments in every order could be as many as one likes.
_MAX_MADE = 10_000

# A function as it is called: its name, and what is frozen among its arguments.
_Key = tuple[str, tuple[tuple[Any, ...], ...]]


def freeze_variables(graph: Any, variables: Iterable[Frozen]) -> None:
    """Rewrites a GraphDef, in place, for constants in place of some variables.

    The variables' own nodes are left as they are, for the caller to replace.

    Raises:
        UnsupportedError: a node needs one of the variables itself, not its value.
        CorruptionError: the graph contradicts itself.
    """
    library = _Library(graph.library)
    body = Body(graph.node)
    flow = Flow(body, library.find_returned)
    for variable in variables:
        flow.enter(variable.variable, variable)
    new = NewNodes(set(body.nodes), in_function=False)
    try:
        library.rewrite_body(body, flow.finish(), new)
        graph.node.extend(new.nodes)
        library.finish(graph)
    except RecursionError:
        raise CorruptionError("the functions call each other too deeply") from None


class _Library:
    """The functions of a graph, and what becomes of them."""

    def __init__(self, library: Any) -> None:
        self._functions = {f.signature.name: f for f in library.function}
        self._names: dict[_Key, str] = {}
        self._made: dict[str, list[Any]] = {}
        self._flows: dict[_Key, Flow | None] = {}
        self._numbers = itertools.count()

    def find_returned(self, node: Any, inputs: Inputs) -> dict[int, Frozen]:
        """Gives the handles that a calling node returns, by its outputs."""
        call = CALLS[node.op]
        arguments = _shift(inputs, call.first_input)
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

    def rewrite_body(self, body: Body, flow: Flow, new: NewNodes) -> None:
        """Rewrites the nodes that are reached, in place."""
        for name, inputs in flow.inputs.items():
            node = body.nodes[name]
            if node.op in CALLS:
                self._rewrite_call(node, inputs, new.in_function)
            elif node.op in self._functions and _has_handle(inputs):
                node.op = self._specialize(node.op, inputs)
            else:
                rewrite_node(node, inputs, new)

    def finish(self, graph: Any) -> None:
        """Puts the functions that were made behind those that they are made from.

        A function that is still called as it was stays, too.
        """
        functions = []
        for name, function in self._functions.items():
            functions += [function, *self._made.get(name, [])]
        settle_functions(graph, functions)

    def _rewrite_call(self, node: Any, inputs: Inputs, in_function: bool) -> None:
        call = CALLS[node.op]
        arguments = _shift(inputs, call.first_input)
        if not arguments:
            return
        retype_call(node, arguments, self.find_returned(node, inputs), in_function)
        for attr in call.functions:
            is_body = node.op in LOOPS and attr == "body"
            for function in list_calls(node, attr):
                function.name = self._specialize(function.name, arguments, is_body)

    def _specialize(
        self, name: str, arguments: Mapping[int, Frozen], is_loop_body: bool = False
    ) -> str:
        """Gives the name of a function that takes values where it took variables."""
        if name not in self._functions or not arguments:
            return name
        key = _make_key(name, arguments)
        if len(self._names) > _MAX_MADE:
            raise CorruptionError("the functions call each other in too many ways")
        if key not in self._names:
            made = type(self._functions[name])()
            made.CopyFrom(self._functions[name])
            made.signature.name = self._make_name(name)
            self._names[key] = made.signature.name
            self._made.setdefault(name, []).append(made)
            self._rewrite_function(made, arguments, is_loop_body)
        return self._names[key]

    def _rewrite_function(
        self, function: Any, arguments: Mapping[int, Frozen], is_loop_body: bool
    ) -> None:
        body = Body(function.node_def, function.ret.values())
        flow = self._follow(function, body, arguments)
        signature = function.signature
        if max(arguments) >= len(signature.input_arg):
            raise CorruptionError(
                f"function {signature.name!r} is called with more arguments"
            )
        for index, frozen in arguments.items():
            signature.input_arg[index].type = frozen.dtype
            _forget_shape(function, index)
            if is_loop_body and index < len(signature.output_arg):
                signature.output_arg[index].type = frozen.dtype
        for index, frozen in _list_returned(function, flow).items():
            signature.output_arg[index].type = frozen.dtype
        reads = {
            name for name in flow.inputs if body.nodes[name].op == "ReadVariableOp"
        }
        names = set(body.nodes) | {each.name for each in signature.input_arg}
        new = NewNodes(names, in_function=True)
        self.rewrite_body(body, flow, new)
        function.node_def.extend(new.nodes)
        _rename_outputs(function, reads)

    def _find_returned_by(
        self, name: str, arguments: Mapping[int, Frozen]
    ) -> dict[int, Frozen]:
        function = self._functions.get(name)
        if function is None or not _returns_resources(function):
            return {}
        key = _make_key(name, arguments)
        if len(self._flows) > _MAX_MADE:
            raise CorruptionError("the functions call each other in too many ways")
        if key not in self._flows:
            self._flows[key] = None  # a function that calls itself finds this
            body = Body(function.node_def, function.ret.values())
            self._flows[key] = self._follow(function, body, arguments)
        flow = self._flows[key]
        return {} if flow is None else _list_returned(function, flow)

    def _follow(
        self, function: Any, body: Body, arguments: Mapping[int, Frozen]
    ) -> Flow:
        flow = Flow(body, self.find_returned)
        for index, frozen in arguments.items():
            if index < len(function.signature.input_arg):
                flow.enter(function.signature.input_arg[index].name, frozen)
        return flow.finish()

    def _make_name(self, name: str) -> str:
        """Gives a name for now; ``settle_functions`` makes the last one."""
        while True:
            made = f"{get_stem(name)}_frozen_{next(self._numbers)}"
            if made not in self._functions:
                return made


def _make_key(name: str, arguments: Mapping[int, Frozen]) -> _Key:
    parts: list[tuple[Any, ...]] = []
    for index, each in sorted(arguments.items()):
        # The shape of a variable is written into the loops that carry its handle.
        shape = each.shape if each.form is Form.HANDLE else None
        parts.append((index, each.dtype, each.form, shape))
    return name, tuple(parts)


def _shift(inputs: Inputs, first: int) -> dict[int, Frozen]:
    """Gives what arrives at the arguments; a reference arrives there as its value."""
    shifted = {}
    for index, frozen in sorted(inputs.items()):
        if index >= first:
            shifted[index - first] = frozen.as_argument()
    return shifted


def _has_handle(inputs: Inputs) -> bool:
    return any(frozen.form is Form.HANDLE for frozen in inputs.values())


def _returns_resources(function: Any) -> bool:
    return any(each.type == _RESOURCE for each in function.signature.output_arg)


def _list_returned(function: Any, flow: Flow) -> dict[int, Frozen]:
    returned = {}
    for index, argument in enumerate(function.signature.output_arg):
        source = parse_input(function.ret.get(argument.name, ""))
        frozen = flow.ports.get(Port(source.node, source.output, source.number))
        if frozen is not None and frozen.form is Form.HANDLE:
            returned[index] = frozen
    return returned


def _forget_shape(function: Any, index: int) -> None:
    if "_input_shapes" in function.attr:
        shapes = function.attr["_input_shapes"].list.shape
        if index < len(shapes):
            shapes[index].Clear()
            shapes[index].unknown_rank = True
    # TensorFlow's conversion leaves an entry for each such argument, empty or not.
    attributes = function.arg_attr[index].attr
    if "_output_shapes" in attributes and attributes["_output_shapes"].list.shape:
        shape = attributes["_output_shapes"].list.shape[0]
        shape.Clear()
        shape.unknown_rank = True


def _rename_outputs(function: Any, reads: set[str]) -> None:
    """The output ``value`` of a read is the output ``output`` of an Identity."""
    for node in function.node_def:
        for i, text in enumerate(node.input):
            node.input[i] = _rename(text, reads)
    for name, text in list(function.ret.items()):
        function.ret[name] = _rename(text, reads)


def _rename(text: str, reads: set[str]) -> str:
    source = parse_input(text)
    if source.node in reads and source.output == "value":
        return f"{source.node}:output:{source.number}"
    return text
