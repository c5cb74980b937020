"""Runs the command line: in this process, in a pipe, on a terminal."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import struct
import sys
import termios
from pathlib import Path
from typing import Any, NamedTuple

import children
from fastckpt.cli import main
from places import TESTS

PROGRAM = [sys.executable, "-m", "fastckpt"]


class Run(NamedTuple):
    """How a command ended."""

    status: int
    out: str
    err: str


def run(capsys: Any, *words: object) -> Run:
    """Runs a command in this process."""
    status = main([str(word) for word in words])
    captured = capsys.readouterr()
    return Run(status, captured.out, captured.err)


def run_json(capsys: Any, *words: object) -> Any:
    """Runs a command that must say nothing but JSON; gives its status and value."""
    command, *rest = words
    done = run(capsys, command, "--json", *rest)
    assert done.err == ""
    return done.status, json.loads(done.out)


def run_process(*words: object, **options: Any) -> Run:
    """Runs a command in a process of its own, its output in pipes."""
    environment = os.environ | options.pop("env", {})
    done = children.run(
        [*PROGRAM, *map(str, words)],
        capture_output=True,
        text=True,
        env=environment,
        timeout=120,
        **options,
    )
    return Run(done.returncode, done.stdout, done.stderr)


def run_on_terminal(
    *words: object, columns: int = 80, env: dict[str, str] | None = None
) -> Run:
    """Runs a command whose output is a terminal; what it writes is all in `out`."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 24, columns, 0, 0))
    names = ("COLUMNS", "NO_COLOR", "FORCE_COLOR")
    environment = {k: v for k, v in os.environ.items() if k not in names}
    with children.started(
        [*PROGRAM, *map(str, words)],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment | {"TERM": "xterm-256color"} | (env or {}),
    ) as process:
        os.close(theirs)
        written = _read_all(ours)
        os.close(ours)
        status = process.wait(120)
    return Run(status, written.decode().replace("\r\n", "\n"), "")


def run_many(
    jobs: list[tuple[int, list[str]]],
    folder: Path,
    env: dict[str, str] | None = None,
    *,
    on_terminal: bool = True,
) -> list[Run]:
    """Runs commands one after the other in one process, on a terminal or in pipes.

    Args:
        jobs: The terminal's columns, and the words of each command.
        folder: Where a file may be left.
        env: What to set in the environment, beside a terminal that has colours.
        on_terminal: Whether the output is a terminal; what is written is all in `out`.
    """
    file = folder / "jobs.json"
    file.write_text(json.dumps(jobs))
    ours, theirs = pty.openpty()
    names = ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR")
    environment = {k: v for k, v in os.environ.items() if k not in names}
    environment |= {"TERM": "xterm-256color", "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, str(TESTS / "terminal_child.py"), str(file)]
    stream = (
        theirs if on_terminal else os.open(folder / "written", os.O_CREAT | os.O_WRONLY)
    )
    with children.started(
        command,
        stdin=theirs,
        stdout=stream,
        stderr=stream,
        env=environment | (env or {}),
    ) as process:
        os.close(theirs)
        written = _read_all(ours) if on_terminal else b""
        os.close(ours)
        process.wait(120)
    if not on_terminal:
        os.close(stream)
        written = (folder / "written").read_bytes()
    *told, _ = re.split("\x1e(\\d+)\n", written.decode().replace("\r\n", "\n"))
    return [
        Run(int(status), out, "")
        for out, status in zip(told[::2], told[1::2], strict=True)
    ]


def _read_all(terminal: int) -> bytes:
    written = b""
    while select.select([terminal], [], [], 120)[0]:
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        written += piece
    return written
