"""Where the variables that are to be frozen flow: through which nodes, in what form.

A body is the graph's nodes or a function's. A variable's handle, its reference or its
value enters a body at a node or at an argument, and is passed on by nodes that give
what they get. A node that is reached must be rewritten for a constant.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple

from fastckpt.graph.names import parse_input

__all__ = [
    "CALLS",
    "CHANGING_REFERENCES",
    "PASSING_OPS",
    "REF_OPS",
    "Body",
    "Flow",
    "Form",
    "Frozen",
    "Port",
]


class Form(Enum):
    """As what a variable comes."""

    HANDLE = "handle"
    REFERENCE = "reference"
    VALUE = "value"


@dataclass(frozen=True, slots=True)
class Frozen:
    """A variable that becomes a constant, as it arrives somewhere.

    Attributes:
        variable: The variable's name.
        dtype: The number of its type.
        shape: Its dimensions.
        form: As what it arrives.
    """

    variable: str
    dtype: int
    shape: tuple[int, ...]
    form: Form

    def as_argument(self) -> Frozen:
        """Gives this as a function gets it, or as it leaves a node: no reference."""
        if self.form is not Form.REFERENCE:
            return self
        return Frozen(self.variable, self.dtype, self.shape, Form.VALUE)


class Port(NamedTuple):
    """An output: of a node, or an argument of a function."""

    node: str
    output: str
    number: int


class Read(NamedTuple):
    """That an input of a node reads an output; the reader is "" for a return."""

    port: Port
    reader: str
    input: int


_Arrival = tuple[str, int, Frozen]
FindReturned = Callable[[Any, Mapping[int, Frozen]], Mapping[int, Frozen]]


class Call(NamedTuple):
    """How a node calls functions: which attributes, from which input on, with types."""

    functions: tuple[str, ...]
    first_input: int
    types: str


CALLS = {
    "PartitionedCall": Call(("f",), 0, "Tin"),
    "StatefulPartitionedCall": Call(("f",), 0, "Tin"),
    "If": Call(("then_branch", "else_branch"), 1, "Tin"),
    "StatelessIf": Call(("then_branch", "else_branch"), 1, "Tin"),
    "Case": Call(("branches",), 1, "Tin"),
    "StatelessCase": Call(("branches",), 1, "Tin"),
    "While": Call(("cond", "body"), 0, "T"),
    "StatelessWhile": Call(("cond", "body"), 0, "T"),
}

# What references have ops of their own for, and what these are for values.
REF_OPS = {
    "RefEnter": "Enter",
    "RefExit": "Exit",
    "RefIdentity": "Identity",
    "RefMerge": "Merge",
    "RefNextIteration": "NextIteration",
    "RefSwitch": "Switch",
}

# Ops that change the variable to which their first input refers, and give it again.
CHANGING_REFERENCES = re.compile(
    r"Assign(?:Add|Sub)?|CountUpTo|NegTrain|StridedSliceAssign"
    r"|(?:Sparse)?Apply\w+|Scatter(?:Nd)?(?:Add|Sub|Mul|Div|Min|Max|Update)"
)

# These give their first input at each output.
PASSING_OPS = frozenset(
    {"Enter", "Exit", "Identity", "NextIteration", "Switch", "_SwitchN"}
)


class Body:
    """Nodes that see each other, and who reads what among them.

    Args:
        nodes: The nodes' messages.
        returns: In a function, the outputs that it returns.
    """

    def __init__(self, nodes: Iterable[Any], returns: Iterable[str] = ()) -> None:
        self.nodes = {node.name: node for node in nodes}
        self._reads: dict[str, list[Read]] = {}
        for node in self.nodes.values():
            for i, text in enumerate(node.input):
                self._add(text, node.name, i)
        for text in returns:
            self._add(text, "", 0)

    def list_reads(self, node: str) -> list[Read]:
        """Gives who reads the outputs of a node, in the order of the readers."""
        return self._reads.get(node, [])

    def _add(self, text: str, reader: str, index: int) -> None:
        source = parse_input(text)
        if not source.is_control:
            port = Port(source.node, source.output, source.number)
            self._reads.setdefault(port.node, []).append(Read(port, reader, index))


class Flow:
    """What is reached in a body.

    Attributes:
        inputs: For each node that is reached, what arrives at its inputs; the nodes in
            the order in which TensorFlow's conversion meets them.
        ports: What comes out of the outputs that pass something on.

    Args:
        body: The nodes.
        find_returned: Gives what a node that calls functions returns, by output, when
            certain things arrive at its inputs.
    """

    def __init__(self, body: Body, find_returned: FindReturned) -> None:
        self.inputs: dict[str, dict[int, Frozen]] = {}
        self.ports: dict[Port, Frozen] = {}
        self._body = body
        self._find_returned = find_returned
        self._calls: dict[str, None] = {}

    def enter(self, node: str, frozen: Frozen) -> None:
        """Follows what a node or an argument gives at all its outputs."""
        ports = {read.port for read in self._body.list_reads(node)}
        self._follow(self._leave(node, dict.fromkeys(ports, frozen)))

    def finish(self) -> Flow:
        """Follows what comes out of the calls; they come last, their inputs known."""
        while self._calls:
            name = next(iter(self._calls))
            del self._calls[name]
            returned = self._find_returned(self._body.nodes[name], self.inputs[name])
            reads = self._body.list_reads(name)
            ports = {r.port: returned.get(r.port.number) for r in reads}
            passed = {port: frozen for port, frozen in ports.items() if frozen}
            self._follow(self._leave(name, passed))
        return self

    def _follow(self, arrivals: list[_Arrival]) -> None:
        waiting = arrivals[::-1]
        while waiting:
            name, index, frozen = waiting.pop()
            self.inputs.setdefault(name, {})[index] = frozen
            node = self._body.nodes[name]
            if node.op in CALLS:
                self._calls[name] = None
            else:
                waiting += self._leave(name, self._pass_on(node, index, frozen))[::-1]

    def _pass_on(self, node: Any, index: int, frozen: Frozen) -> dict[Port, Frozen]:
        passed = frozen.as_argument() if node.op in PASSING_OPS else frozen
        return {
            read.port: passed
            for read in self._body.list_reads(node.name)
            if _passes(node.op, index, read.port, frozen.form)
        }

    def _leave(self, node: str, ports: dict[Port, Frozen]) -> list[_Arrival]:
        """Notes what comes out of a node, and gives where that arrives next."""
        new = {port: each for port, each in ports.items() if port not in self.ports}
        self.ports.update(new)
        return [
            (read.reader, read.input, new[read.port])
            for read in self._body.list_reads(node)
            if read.port in new and read.reader
        ]


def _passes(op: str, index: int, port: Port, form: Form) -> bool:
    """Tells whether a node gives at an output what arrives at one of its inputs."""
    if op in ("Merge", "RefMerge"):  # the second output tells which input it was
        is_first = port.number == 0 and port.output in ("", "output")
        return is_first and (op == "RefMerge" or form is not Form.VALUE)
    if op == "IdentityN":
        return form is Form.HANDLE and port.number == index
    if form is Form.REFERENCE and CHANGING_REFERENCES.fullmatch(op):
        return index == 0
    return index == 0 and (op in PASSING_OPS or op in REF_OPS)
