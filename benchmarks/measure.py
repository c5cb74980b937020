"""Takes times: children started once, asked in turn, believed after a proof."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from benchmarks.data import ROOT, child_environment
from benchmarks.row import Child, Context, Floor, Row, Samples

__all__ = ["Process", "WrongBytes", "floor_command", "remove_saved", "run_row"]

# A contender whose first run takes this long is measured few times.
_SLOW = 5.0
_SLOW_REPEATS = 3


class WrongBytes(Exception):
    """A contender did not load what it should have."""


class Process:
    """A child that runs one case when it is asked to."""

    def __init__(self, label: str, command: list[str]) -> None:
        self.label = label
        self._process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=child_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._read()

    @classmethod
    def start(cls, label: str, who: Child | Floor, context: Context) -> Process:
        """Starts a contender; returns when it is ready to run."""
        return cls(label, _command(context, who))

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.label} ended: {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def ask(self, what: str) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(what + "\n")
        self._process.stdin.flush()
        return self._read()

    def prove(self) -> float:
        """Runs once; raises unless the bytes are right."""
        answer = self.ask("prove")
        if not answer["right"]:
            raise WrongBytes(f"{self.label} loaded something else")
        return float(answer["seconds"])

    def close(self) -> None:
        with self._process:  # closes the pipes and waits
            pass


def _command(context: Context, who: Child | Floor) -> list[str]:
    data = context.data
    if isinstance(who, Child):
        arguments = json.dumps(who.arguments)
        where = [who.module, who.function, str(data.folder), arguments]
        return [sys.executable, "-m", "benchmarks.child", *where]
    return floor_command(context, who)


def floor_command(context: Context, who: Floor) -> list[str]:
    """Gives the command that runs one of the floor program's works."""
    data = context.data
    return [
        context.floor,
        who.work,
        data.file(who.dataset),
        data.prefix(f"{who.table}.table"),
        str(who.threads or context.threads),
        data.prefix("saved-floor"),
    ]


def _interleave(processes: list[Process], context: Context) -> Samples:
    samples: Samples = {process.label: [] for process in processes}
    first = {process.label: process.prove() for process in processes}
    turns = context.turns(sum(first.values()))
    wanted = {
        label: min(turns, _SLOW_REPEATS) if seconds > _SLOW else turns
        for label, seconds in first.items()
    }
    for turn in range(turns):
        for process in processes:
            if turn < wanted[process.label]:
                seconds = process.ask("run")["seconds"]
                samples[process.label].append(float(seconds))
    # What was right at first still must be right at the end.
    for process in processes:
        process.prove()
    return samples


def remove_saved(context: Context) -> None:
    """Removes what the rows about saving have left."""
    for saved in context.data.folder.glob("saved-*"):
        saved.unlink()


def run_row(row: Row, context: Context) -> Samples:
    """Measures all contenders of a row.

    Raises:
        WrongBytes: One of them is wrong; no time of the row counts.
    """
    if row.measure is not None:
        return row.measure(context)
    contenders: Mapping[str, Child | Floor] = row.contenders
    processes: list[Process] = []
    try:
        for label, who in contenders.items():
            processes.append(Process.start(label, who, context))
        return _interleave(processes, context)
    finally:
        for process in processes:
            process.close()
        remove_saved(context)
