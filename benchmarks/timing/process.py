"""Children that are asked for one run after the other."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any, NamedTuple

from benchmarks.machine.children import child_environment
from benchmarks.machine.needs import NotHere, wants_gpu
from benchmarks.machine.tree import ROOT
from benchmarks.rows.row import Child, Context, Floor
from benchmarks.timing import ways

__all__ = ["Contender", "Ended", "Process", "WrongBytes", "floor_command", "start"]


class WrongBytes(Exception):
    """A contender did not load what it should have."""


class Ended(RuntimeError):
    """A child ended that should have answered."""


class Process:
    """A child that runs what it is asked to."""

    def __init__(
        self, label: str, command: list[str], environment: dict[str, str] | None = None
    ) -> None:
        self.label = label
        self._process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment or child_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        if missing := self._read().get("missing"):
            self.close()
            raise NotHere(missing)

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise Ended(f"{self.label} ended with status {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def ask(self, what: str) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(what + "\n")
        self._process.stdin.flush()
        return self._read()

    def close(self) -> None:
        with self._process:  # closes the pipes and waits
            pass


class Contender(NamedTuple):
    """One case of a child, or one way of a floor program that knows many."""

    label: str
    process: Process
    way: str = ""
    is_ours: bool = False  # or a floor: compared turn by turn

    def run(self) -> dict[str, Any]:
        return self.process.ask(f"run {self.way}".strip())

    def prove(self) -> float:
        """Runs once; raises unless the bytes are right."""
        answer = self.process.ask(f"prove {self.way}".strip())
        if not answer["right"]:
            raise WrongBytes(f"{self.label} loaded something else")
        return float(answer["seconds"])


def floor_command(context: Context, who: Floor) -> list[str]:
    """Gives the command that answers for one path of the floor program."""
    data = context.data
    return [
        context.floor,
        who.path,
        data.file(who.dataset),
        data.prefix(f"{who.table}.table"),
        data.prefix("saved-floor"),
    ]


def start(label: str, who: Child | Floor, context: Context) -> list[Contender]:
    """Starts a child; gives its contenders: of a floor, one for each way.

    Raises:
        NotHere: It cannot take part, as it says itself.
    """
    if isinstance(who, Floor):
        process = Process(label, floor_command(context, who))
        asked = ways.candidates(context, who)
        return [Contender(f"{label}: {way}", process, way, True) for way in asked]
    arguments = json.dumps(who.arguments)
    where = [who.module, who.function, str(context.data.folder), arguments]
    command = [sys.executable, "-m", "benchmarks.timing.child", *where]
    process = Process(label, command, child_environment(wants_gpu(who.needs)))
    return [Contender(label, process, is_ours=who.is_ours)]
