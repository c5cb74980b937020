"""The functions that a frozen graph takes along, under names from what is in them.

TensorFlow numbers functions through a process, so that two graphs hold different ones
of one name, and cannot both be loaded into a third process. A name that ends in a
number gets letters in its place, which tell the function's contents, those of the
functions that it calls included.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from fastckpt.graph.freeze.calls import find_used, iterate_calls
from fastckpt.graph.schema import get_message

__all__ = ["get_stem", "settle_functions"]

# 64 bits, as letters: a name from contents ends in no number, and so stays as it is.
_LETTERS = 16
_TO_LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")


def get_stem(name: str) -> str:
    """Gives a function's name without the number that it was counted by."""
    base, _, number = name.rpartition("_")
    return base if base and number.isdecimal() else name


def settle_functions(graph: Any, functions: Iterable[Any]) -> None:
    """Gives a GraphDef, in place, those of some functions that its nodes need.

    Args:
        graph: The graph, whose nodes call functions by the names that they have now.
        functions: The functions' messages, in the order in which they are to stand.

    Raises:
        RecursionError: The functions call each other too deeply.
    """
    there = {each.signature.name: each for each in functions}
    used = _find_used(graph, there)
    kept = {name: each for name, each in there.items() if name in used}
    names = _Namer(kept).make_names()
    library = get_message("FunctionDefLibrary")()
    library.CopyFrom(graph.library)
    del library.function[:]
    library.function.extend(_rename(kept, names))
    _settle_gradients(library, names)
    _rename_calls(graph.node, names)
    graph.library.CopyFrom(library)


def _find_used(graph: Any, functions: Mapping[str, Any]) -> set[str]:
    """Gives the functions that nodes call, and the gradients of these."""
    bodies = {name: each.node_def for name, each in functions.items()}
    used = find_used(graph.node, bodies)
    while True:
        gradients = {
            each.gradient_func
            for each in graph.library.gradient
            if each.function_name in used
        }
        kinds = _list_gradient_kinds([graph.node, *(bodies[name] for name in used)])
        gradients |= {
            each.gradient_func
            for each in graph.library.registered_gradients
            if each.registered_op_type in kinds
        }
        if gradients & bodies.keys() <= used:
            return used
        used |= gradients & bodies.keys()
        used |= find_used(
            [n for name in gradients for n in bodies.get(name, ())], bodies
        )


def _list_gradient_kinds(bodies: Iterable[Iterable[Any]]) -> set[str]:
    nodes = [node for body in bodies for node in body]
    attr = "_gradient_op_type"
    found = [node.attr[attr].s for node in nodes if attr in node.attr]
    return {each.decode("utf-8", "surrogateescape") for each in found}


class _Namer:
    """Makes names of functions from what is in them."""

    def __init__(self, functions: Mapping[str, Any]) -> None:
        self._functions = functions
        self._digests: dict[str, str] = {}

    def make_names(self) -> dict[str, str]:
        """Gives the new names by the old ones, for those that are to change."""
        names = {name: get_stem(name) for name in self._functions}
        return {
            name: f"{stem}_{self._get_digest(name)}"
            for name, stem in names.items()
            if stem != name
        }

    def _get_digest(self, name: str) -> str:
        if name not in self._digests:
            self._digests[name] = get_stem(name)  # one that calls itself finds this
            digest = hashlib.sha256()
            _describe(self._read(name), digest.update)
            letters = digest.hexdigest()[:_LETTERS].translate(_TO_LETTERS)
            self._digests[name] = letters
        return self._digests[name]

    def _read(self, name: str) -> Any:
        """Gives a function's message, with others' digests for their names."""
        copy = get_message("FunctionDef")()
        copy.CopyFrom(self._functions[name])
        copy.signature.name = get_stem(name)
        called = find_used(copy.node_def, dict.fromkeys(self._functions, ()))
        digests = {each: self._get_digest(each) for each in sorted(called)}
        _rename_calls(copy.node_def, digests)
        return copy


def _describe(message: Any, put: Callable[[bytes], None]) -> None:
    """Puts a message's contents, the same whichever protobuf there is.

    What that serializes is not: maps come in an order of its own.
    """
    for field, value in message.ListFields():
        kind = field.message_type
        if kind is not None and kind.GetOptions().map_entry:
            items = [part for key in sorted(value) for part in (key, value[key])]
        elif kind is None and not isinstance(value, int | float | str | bytes):
            items = [",".join(map(repr, value))]
        else:
            is_one = kind is None or hasattr(value, "ListFields")
            items = [value] if is_one else list(value)
        put(b"(%d:%d" % (field.number, len(items)))
        for item in items:
            _describe_item(item, put)


def _describe_item(item: Any, put: Callable[[bytes], None]) -> None:
    if hasattr(item, "ListFields"):
        put(b"{")
        _describe(item, put)
        put(b"}")
        return
    content = item if isinstance(item, bytes) else repr(item).encode()
    put(b"%d:" % len(content))
    put(content)


def _rename(functions: Mapping[str, Any], names: Mapping[str, str]) -> list[Any]:
    """Gives the functions under their names, each once."""
    renamed: dict[str, Any] = {}
    for name, function in functions.items():
        made = get_message("FunctionDef")()
        made.CopyFrom(function)
        made.signature.name = names.get(name, name)
        _rename_calls(made.node_def, names)
        renamed.setdefault(made.signature.name, made)
    return list(renamed.values())


def _rename_calls(nodes: Iterable[Any], names: Mapping[str, str]) -> None:
    for node in nodes:
        node.op = names.get(node.op, node.op)
        for call in iterate_calls(node.attr):
            call.name = names.get(call.name, call.name)


def _settle_gradients(library: Any, names: Mapping[str, str]) -> None:
    there = {each.signature.name for each in library.function}
    for field in (library.gradient, library.registered_gradients):
        kept = []
        for each in field:
            each.gradient_func = names.get(each.gradient_func, each.gradient_func)
            if field is library.gradient:
                each.function_name = names.get(each.function_name, each.function_name)
            if each.gradient_func in there:
                kept.append(type(each).FromString(each.SerializeToString()))
        del field[:]
        field.extend(kept)
