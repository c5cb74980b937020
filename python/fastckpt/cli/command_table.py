"""The table of commands, and how one is found.

A command is a module of this package with the name that is typed. It has a docstring
(the text of its ``--help``) and two functions:

    add_arguments(parser: argparse.ArgumentParser) -> None
    run(args: argparse.Namespace) -> int         # the exit status

``--json``, ``--threads`` and the handling of errors come from outside it.
"""

from __future__ import annotations

import argparse
from importlib import import_module
from typing import Protocol, cast

from fastckpt.base.deferred import importing

__all__ = ["COMMANDS", "Command", "import_command"]

COMMANDS: dict[str, str] = {
    "ls": "list the tensors: name, dtype, shape, size",
    "show": "show values, statistics and where the bytes lie",
    "stats": "min, max, mean, std, zeros, NaN and infinities",
    "verify": "check every block and every tensor",
    "diff": "compare two checkpoints",
    "convert": "convert between V1, V2, .npz and .safetensors; reshard",
    "strip": "leave out optimizer slots and the global step",
    "rename": "give tensors other names",
    "average": "write the mean of several checkpoints",
    "merge": "make one checkpoint of several parts",
    "match": "plan which tensor becomes which parameter of a model",
    "doctor": "what is wrong here, what to do, what can be saved",
    "freeze": "make one file of a graph and its checkpoint",
    "graph": "show a graph: inputs, outputs, variables, operations",
}
"""What can be called, in the order ``--help`` has it, each with its one line."""


class Command(Protocol):
    """What the module of a command offers."""

    __doc__: str | None

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Adds the arguments that are this command's own."""

    def run(self, args: argparse.Namespace) -> int:
        """Does what was asked and gives the exit status."""


def import_command(name: str) -> Command:
    """Gives the module of a command in the table."""
    with importing:
        return cast(Command, import_module(f"fastckpt.cli.commands.{name}"))
