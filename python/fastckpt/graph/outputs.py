"""Which nodes are a graph's outputs: those that a caller names, or the likely ones.

Where no signature tells, they are nodes that nobody reads, but not what a program
leaves beside its model: updates, savers, summaries, checks, metrics, readers of data.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from fastckpt.graph.meta_graph import MetaGraph
from fastckpt.graph.names import Source, find_close, parse_input
from fastckpt.graph.operations import Operation
from fastckpt.graph.saver_nodes import find_filename_nodes
from fastckpt.graph.variables import VARIABLE_OPS

__all__ = ["INIT_SIGNATURES", "choose_outputs", "find_likely_outputs"]

# Signatures that name what runs before the model, or trains it.
INIT_SIGNATURES = frozenset({"__saved_model_init_op", "__saved_model_train_op"})
_DEFAULT_SIGNATURE = "serving_default"
# How many likely outputs a message lists.
_MAX_LISTED = 10
# More steps than any variable goes; a loop is a circle.
_MAX_STEPS = 100

_TENSOR = re.compile(r"([^\s:^][^\s:]*)(?::([0-9]{1,9}))?")

# Nodes that nobody reads and that nobody means when they speak of a graph's outputs.
_NO_OUTPUT_OPS = re.compile(
    r"Assert|Const|ControlTrigger|DisableCopyOnRead|NoOp|Placeholder.*|Print(?:V2)?"
    r"|ReadVariableOp|Rank|Shape(?:N)?|Size|(?:Ref)?Switch|VarHandleOp|Variable(?:V2)?"
    r"|VariableShape|.*Dataset.*|.*Iterator.*|.*Summary.*"
    r"|(?:Initialize|Lookup|.*Hash)Table.*|Queue(?:Close|Enqueue|IsClosed|Size).*"
    r"|.*Queue(?:V2)?"
)
_NO_OUTPUT_NAMES = re.compile(
    r"(?:.*/)?init(?:_\d+)?|(?:.*/)?gradients(?:_\d+)?/.*"
    r"|(?:.*/)?AssertGuard(?:_\d+)?(?:/.*)?|(?:.*/)?pred_id"
)
# After these nothing is an output that is computed from what they give.
_CHANGING_OPS = re.compile(
    r"Assign.*|(?:Resource)?(?:Sparse)?Apply.*|ResourceScatter.*|Scatter(?:Nd)?"
    r"(?:Add|Div|Max|Min|Mul|Sub|Update)|IsVariableInitialized|VarIsInitializedOp"
)
# After these nothing is an output that waits for them, either.
_STORING_OPS = re.compile(r".*(?:Restore|Save|Checkpoints).*")
# Who lowers these to branches and loops reads each output by an Identity.
_FORKS = frozenset(
    {"Case", "If", "StatelessCase", "StatelessIf", "StatelessWhile", "While"}
)


def choose_outputs(meta: MetaGraph, wanted: str | Iterable[str] | None) -> list[str]:
    """Gives the names of the nodes to keep, checked.

    Args:
        meta: The graph.
        wanted: Names of nodes or of tensors, also as one text with commas. None takes
            what the signature gives, or else what ``find_likely_outputs`` does.

    Raises:
        TypeError: a name is no str.
        ValueError: there is no such node, it has no such output, or none is left to
            choose; the message names the closest ones and the likely outputs.
    """
    if wanted is None:
        chosen = find_likely_outputs(meta)
        if not chosen:
            raise ValueError(
                "the graph has no signature, and no node that nobody reads is an "
                "output: name the outputs"
            )
        return chosen
    texts = wanted.split(",") if isinstance(wanted, str) else list(wanted)
    for text in texts:
        if not isinstance(text, str):
            raise TypeError(f"an output's name must be a str, not {text!r}")
    if not texts:
        raise ValueError("no outputs are named")
    there = {operation.name: operation for operation in meta.operations}
    return list(dict.fromkeys(_check_output(meta, there, t.strip()) for t in texts))


def _check_output(meta: MetaGraph, there: dict[str, Operation], text: str) -> str:
    """Gives the node that a text names, as it is or as one of its outputs."""
    parts = _TENSOR.fullmatch(text)
    if text not in there and (parts is None or parts[1] not in there):
        name = parts[1] if parts else text
        likely = ", ".join(map(repr, find_likely_outputs(meta)[:_MAX_LISTED]))
        raise ValueError(
            f"the graph has no node {name!r}{find_close(name, there) or '.'} "
            f"Likely outputs: {likely or 'none is found'}"
        )
    if text in there or parts is None or parts[2] is None:
        return text
    outputs = there[parts[1]].outputs
    if int(parts[2]) >= len(outputs) and there[parts[1]].op in meta.definitions:
        has = ", ".join(repr(each.name) for each in outputs[:_MAX_LISTED]) or "none"
        raise ValueError(
            f"node {parts[1]!r} ({there[parts[1]].op}) has no output {text!r}; "
            f"it has {has}"
        )
    return parts[1]


def find_likely_outputs(meta: MetaGraph) -> list[str]:
    """Gives the names of the nodes that are a graph's outputs, as far as it tells."""
    signatures = {n: s for n, s in meta.signatures.items() if n not in INIT_SIGNATURES}
    if _DEFAULT_SIGNATURE in signatures:
        signatures = {_DEFAULT_SIGNATURE: signatures[_DEFAULT_SIGNATURE]}
    tensors = [t for s in signatures.values() for t in s.outputs.values()]
    if tensors:
        return list(dict.fromkeys(parse_input(tensor.name).node for tensor in tensors))
    return _Unread(meta).list_likely()


class _Unread:
    """The nodes of a graph that nobody reads.

    Args:
        meta: The graph.
    """

    def __init__(self, meta: MetaGraph) -> None:
        self._meta = meta
        self._nodes = {node.name: node for node in meta.graph_def.node}
        self._readers: dict[str, list[tuple[str, Source]]] = {}
        for node in self._nodes.values():
            for source in map(parse_input, node.input):
                self._readers.setdefault(source.node, []).append((node.name, source))

    def list_likely(self) -> list[str]:
        """Gives those that are likely outputs."""
        after = self._find_changed()
        variables = self._meta.variables.items()
        unsaved = {name for name, it in variables if it.checkpoint_name is None}
        return [
            operation.name
            for operation in self._meta.outputs
            if not _NO_OUTPUT_OPS.fullmatch(operation.op)
            and not _CHANGING_OPS.fullmatch(operation.op)
            and not _NO_OUTPUT_NAMES.fullmatch(operation.name)
            and operation.name not in after
            and not self._is_plain_read(operation)
            and not self._is_pivot(operation)
            and not self._is_left_over(operation)
            and not (unsaved and unsaved & self._find_values(operation.name))
        ]

    def _find_changed(self) -> set[str]:
        """Gives what comes after a variable is changed or asked, or a file is used."""
        files = find_filename_nodes(self._meta.graph_def, self._meta.saver)
        waiting = [
            (name, True) for name in files if "Placeholder" in self._nodes[name].op
        ]
        for name, node in self._nodes.items():
            if _STORING_OPS.fullmatch(node.op):
                waiting.append((name, True))
            elif _CHANGING_OPS.fullmatch(node.op):
                waiting.append((name, False))
        changed: set[str] = set()
        stored: set[str] = set()
        while waiting:
            name, is_stored = waiting.pop()
            if name in stored or (name in changed and not is_stored):
                continue
            (stored if is_stored else changed).add(name)
            for reader, source in self._readers.get(name, ()):
                if (
                    is_stored
                    or not source.is_control
                    or self._reads_changed(reader, name)
                ):
                    waiting.append((reader, is_stored))
        return changed | stored

    def _reads_changed(self, name: str, changed: str) -> bool:
        """Tells whether a node reads the variable that another one changes."""
        node = self._nodes[name]
        if node.op not in ("Identity", "ReadVariableOp"):
            return False
        variable = self._get_variable(name)
        return variable is not None and variable == self._get_variable(changed)

    def _get_variable(self, name: str) -> str | None:
        """Gives the variable that comes to a node, perhaps into a branch or a loop."""
        for _ in range(_MAX_STEPS):
            node = self._nodes.get(name)
            if node is None or node.op in VARIABLE_OPS or not node.input:
                return name if node is not None and node.op in VARIABLE_OPS else None
            name = parse_input(node.input[0]).node
        return None

    def _is_plain_read(self, operation: Operation) -> bool:
        """Tells the node ``v/read`` that each reference variable has."""
        variable = operation.name.removesuffix("/read")
        is_read = operation.op == "Identity" and variable in self._meta.variables
        return is_read and operation.inputs == [f"{variable}:0"]

    def _is_pivot(self, operation: Operation) -> bool:
        """Tells the nodes that stand for the branches of a cond."""
        if operation.op != "Identity" or not operation.inputs:
            return False
        node: Any = self._nodes.get(parse_input(operation.inputs[0]).node)
        is_switch = node is not None and node.op == "Switch" and len(node.input) > 1
        return bool(is_switch and node.input[0] == node.input[1])

    def _is_left_over(self, operation: Operation) -> bool:
        """Tells what a loop or a branch gives beside what is read of it."""
        if operation.op == "Exit":
            scope = operation.name.rpartition("/")[0]
            others = [
                n
                for n, it in self._nodes.items()
                if it.op == "Exit" and n.rpartition("/")[0] == scope
            ]
            return any(map(self._readers.get, others))
        if operation.op != "Identity" or not operation.inputs:
            return False
        fork = parse_input(operation.inputs[0]).node
        if fork not in self._nodes or self._nodes[fork].op not in _FORKS:
            return False
        return any(
            self._nodes[reader].op != "Identity" or reader in self._readers
            for reader, _ in self._readers[fork]
        )

    def _find_values(self, output: str) -> set[str]:
        """Gives the nodes from whose values one is computed."""
        found: set[str] = set()
        waiting = [output]
        while waiting:
            name = waiting.pop()
            if name not in found and name in self._nodes:
                found.add(name)
                sources = map(parse_input, self._nodes[name].input)
                waiting += [it.node for it in sources if not it.is_control]
        return found
