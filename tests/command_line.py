"""Runs the command line: in this process, in a pipe, on a terminal."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import select
import struct
import sys
import termios
from typing import Any, NamedTuple

import children
from fastckpt.cli import main

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
