"""Updates of variables that a frozen graph does without.

Training hangs updates, such as those of the averages of batch normalization, on control
inputs of what a graph gives. An update goes where no output is computed from what it
gives, and none from its variable after it; the others are refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from fastckpt.base.cached import cached_property
from fastckpt.graph.attributes import get_attribute
from fastckpt.graph.freeze.calls import LOOPS
from fastckpt.graph.freeze.flow import (
    CALLS,
    CHANGING_REFERENCES,
    Body,
    Flow,
    Form,
    Frozen,
)
from fastckpt.graph.freeze.rewrite import make_refusal
from fastckpt.graph.names import parse_input
from fastckpt.graph.schema import get_message
from fastckpt.graph.variables import VARIABLE_OPS, get_identity

__all__ = [
    "Effects",
    "FindEffects",
    "Updates",
    "find_needed",
    "find_wanted",
    "group_aliases",
]

_RESOURCE = 20  # DT_RESOURCE

_CHANGING_HANDLES = re.compile(
    r"Assign(?:Add|Sub)?VariableOp|Resource(?:Sparse)?Apply\w+|ResourceScatter\w+"
    r"|ResourceStridedSliceAssign|ResourceCountUpTo"
)
_SWITCHES = frozenset({"RefSwitch", "Switch", "_SwitchN"})
# What gives something whichever branch was taken.
_ENDS_OF_BRANCHES = frozenset({"Exit", "Merge", "RefExit", "RefMerge"})


class Effects(NamedTuple):
    """What functions do with variables that come to them.

    Attributes:
        changed: What they change.
        read: What they need for what they return.
    """

    changed: set[str]
    read: set[str]


# Gives what a node does in the functions that it calls, None where it calls none.
FindEffects = Callable[[Any, Mapping[int, Frozen]], Effects | None]


class Updates:
    """The updates in a body, and whether they can go.

    Args:
        body: The nodes.
        flow: Where the variables flow in it.
        find_effects: Gives what a calling node does.
        aliases: One name for all nodes that are the same variable.
        is_loop: Whether the body runs again after itself, so that all comes after all.
    """

    def __init__(
        self,
        body: Body,
        flow: Flow,
        find_effects: FindEffects,
        aliases: Mapping[str, str],
        *,
        is_loop: bool = False,
    ) -> None:
        self._body = body
        self._flow = flow
        self._aliases = aliases
        self._is_loop = is_loop
        self._updates: dict[str, set[str]] = {}
        self._calls: dict[str, Effects] = {}
        for name, inputs in flow.inputs.items():
            node = body.nodes[name]
            if _is_update(node, inputs):
                held = (it for it in inputs.values() if it.form is not Form.VALUE)
                self._updates[name] = {self._get_alias(it.variable) for it in held}
            elif effects := find_effects(node, inputs):
                self._calls[name] = Effects(
                    *(set(map(self._get_alias, each)) for each in effects)
                )

    def find_effects(self, outputs: Iterable[str]) -> Effects:
        """Gives the variables that the body changes, and what its outputs read."""
        changes = [
            *self._updates.values(),
            *(it.changed for it in self._calls.values()),
        ]
        readers = self._group_readers(find_needed(self._body, self._flow, outputs))
        return Effects(set[str]().union(*changes), set(readers))

    def drop(self, needed: set[str], wanted: Collection[str] = ()) -> bool:
        """Makes the updates, in place, nodes that change nothing.

        Args:
            needed: The nodes whose values are needed.
            wanted: Those of which what they do is wanted.

        Returns:
            Whether there were any.

        Raises:
            UnsupportedError: The outputs need one of them, or its variable after it.
        """
        changes = dict(self._updates)
        changes |= {n: it.changed for n, it in self._calls.items() if it.changed}
        readers = self._group_readers(needed) if changes else {}
        for name, changed in changes.items():
            is_wanted = name in (wanted if name in self._calls else needed)
            if (
                is_wanted
                or self._is_read_after(name, changed, readers)
                or (name in self._updates and self._may_be_dead(name))
            ):
                # At once: what others bring along may go with them, and this with it.
                raise make_refusal(self._body.nodes[name], min(changed))
        for name in self._updates:
            self._replace(self._body.nodes[name])
        return bool(self._updates)

    def _get_alias(self, variable: str) -> str:
        return self._aliases.get(variable, variable)

    def _group_readers(self, needed: set[str]) -> dict[str, set[str]]:
        """Gives for each variable the needed nodes that ask for it."""
        readers: dict[str, set[str]] = {}
        for name, inputs in self._flow.inputs.items():
            for alias in self._list_read(name, inputs) if name in needed else ():
                readers.setdefault(alias, set()).add(name)
        return readers

    def _list_read(self, name: str, inputs: Mapping[int, Frozen]) -> set[str]:
        if name in self._calls:
            values = (it for it in inputs.values() if it.form is Form.VALUE)
            return self._calls[name].read | {
                self._get_alias(it.variable) for it in values
            }
        is_merge = self._body.nodes[name].op in ("Merge", "RefMerge")
        return {
            self._get_alias(it.variable)
            for it in inputs.values()
            if not (is_merge and it.form is Form.VALUE)  # read before the branches met
        }

    def _is_read_after(
        self, name: str, changed: set[str], readers: Mapping[str, set[str]]
    ) -> bool:
        """Tells whether the outputs need a variable after a node changes it."""
        reading = set[str]().union(*(readers.get(each, ()) for each in changed))
        if self._is_loop or not reading:
            return bool(reading)
        seen, waiting = {name}, [name]
        while waiting:
            for follower in self._followers.get(waiting.pop(), ()):
                if follower in reading:
                    return True
                if follower not in seen:
                    seen.add(follower)
                    waiting.append(follower)
        return False

    @cached_property
    def _followers(self) -> dict[str, list[str]]:
        followers: dict[str, list[str]] = {}
        for name, node in self._body.nodes.items():
            for source in _list_sources(node, controls=True):
                followers.setdefault(source, []).append(name)
        return followers

    def _may_be_dead(self, name: str) -> bool:
        """Tells whether a node is left out by a branch, and not for its variable.

        TensorFlow switches the variables that a branch uses, and what takes the place
        of such an update is left out with it; graphs made by hand may do otherwise.
        """
        if not self._has_switches or not self._is_direct(self._body.nodes[name]):
            return False
        seen: set[str] = set()
        waiting = [name]
        while waiting:
            each = waiting.pop()
            node = self._body.nodes.get(each)
            if each in seen or node is None or node.op in _ENDS_OF_BRANCHES:
                continue
            if node.op in _SWITCHES:
                return True
            seen.add(each)
            waiting += _list_sources(node, controls=True)
        return False

    @cached_property
    def _has_switches(self) -> bool:
        return any(node.op in _SWITCHES for node in self._body.nodes.values())

    def _is_direct(self, node: Any) -> bool:
        """Tells whether a variable comes from its own node or from an argument."""
        source = self._body.nodes.get(parse_input(node.input[0]).node)
        return source is None or source.op in VARIABLE_OPS

    def _replace(self, node: Any) -> None:
        """Makes an update a node that orders as it did, and gives the variable."""
        frozen = self._flow.inputs[node.name][0]
        controls = [text for text in node.input if text.startswith("^")]
        made = get_message("NodeDef")(name=node.name, op="NoOp", device=node.device)
        if self._body.list_reads(node.name) or not self._is_direct(node):
            made.op = "Identity"
            made.input.append(node.input[0])
            is_handle = frozen.form is Form.HANDLE
            made.attr["T"].type = _RESOURCE if is_handle else frozen.dtype
        made.input.extend(controls)
        node.CopyFrom(made)


def find_needed(body: Body, flow: Flow, outputs: Iterable[str]) -> set[str]:
    """Gives the nodes from whose values outputs are computed, these as well.

    What changes a variable that is not frozen is taken for an output: it may be read.
    """
    needed: set[str] = set()
    waiting = [*outputs, *(n for n in body.nodes if _changes_other(body, flow, n))]
    while waiting:
        name = waiting.pop()
        if name not in needed and name in body.nodes:
            needed.add(name)
            waiting += _list_sources(body.nodes[name], controls=False)
    return needed


def find_wanted(body: Body, outputs: Iterable[str]) -> set[str]:
    """Gives the nodes of which outputs that have no value want what they do."""
    wanted: set[str] = set()
    waiting = [name for name in outputs if _has_no_value(body.nodes[name])]
    while waiting:
        node = body.nodes.get(waiting.pop())
        if node is not None and node.name not in wanted:
            wanted.add(node.name)
            if node.op == "NoOp":
                waiting += _list_sources(node, controls=True)
    return wanted


def group_aliases(nodes: Iterable[Any]) -> dict[str, str]:
    """Gives each variable's node the first one that is the same variable."""
    first: dict[tuple[str, ...], str] = {}
    variables = [node for node in nodes if node.op in VARIABLE_OPS]
    return {it.name: first.setdefault(get_identity(it), it.name) for it in variables}


def _has_no_value(node: Any) -> bool:
    if node.op in CALLS and node.op not in LOOPS:
        return not get_attribute(node, "Tout").list.type
    return bool(node.op == "NoOp")


def _is_update(node: Any, inputs: Mapping[int, Frozen]) -> bool:
    if 0 not in inputs or inputs[0].form is Form.VALUE:
        return False
    is_handle = inputs[0].form is Form.HANDLE
    pattern = _CHANGING_HANDLES if is_handle else CHANGING_REFERENCES
    return pattern.fullmatch(node.op) is not None


def _changes_other(body: Body, flow: Flow, name: str) -> bool:
    op = body.nodes[name].op
    is_changing = CHANGING_REFERENCES.fullmatch(op) or _CHANGING_HANDLES.fullmatch(op)
    return is_changing is not None and 0 not in flow.inputs.get(name, ())


def _list_sources(node: Any, controls: bool) -> Iterator[str]:
    for source in map(parse_input, node.input):
        if controls or not source.is_control:
            yield source.node
