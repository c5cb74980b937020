"""The data of the benchmarks behind a URL: a web server in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.data.folder import Data
from benchmarks.machine.tree import ROOT

__all__ = ["Asked", "Server", "serve"]

_PROGRAM = ROOT / "tests" / "range_server.py"


class Asked(NamedTuple):
    """What a server was asked for.

    Attributes:
        gets: Requests for bytes.
        heads: Requests for what is known of an object.
        sent: Bytes of all bodies.
        ranges: The ranges of the requests for bytes, as the header has them.
        at_once: How many requests were answered at the same time, at most.
    """

    gets: int
    heads: int
    sent: int
    ranges: list[tuple[str, int, int]]
    at_once: int


class Server:
    """A server that runs.

    Attributes:
        url: Of the folder that it serves.
    """

    def __init__(self, url: str) -> None:
        self.url = url

    def forget(self) -> None:
        """Counts anew."""
        self._ask("forget")

    def asked(self) -> Asked:
        """Tells what was asked since."""
        told = self._ask("asked")
        gets = [it for it in told["requests"] if it["method"] == "GET"]
        return Asked(
            len(gets),
            len(told["requests"]) - len(gets),
            sum(it["sent"] for it in gets),
            [(it["name"], *_parse(it)) for it in gets],
            told["at once"],
        )

    def _ask(self, what: str) -> dict[str, Any]:
        with urllib.request.urlopen(f"{self.url}/-/{what}", timeout=60) as answer:
            told: dict[str, Any] = json.load(answer)
        return told


def _parse(request: dict[str, Any]) -> tuple[int, int]:
    """Gives where a range begins and how many bytes came of it."""
    first = (request["range"] or "bytes=0-").removeprefix("bytes=").split("-")[0]
    return int(first or 0), request["sent"]


def _lay_out(data: Data, name: str) -> Path:
    """Gives a folder with a checkpoint's files alone: the same files once more."""
    folder = data.folder / "served" / name
    folder.mkdir(parents=True, exist_ok=True)
    for file in (f"{name}.index", Path(data.file(name)).name):
        path = folder / file
        path.unlink(missing_ok=True)
        os.link(data.folder / file, path)
    return folder


@contextmanager
def serve(data: Data, name: str, latency: float, bandwidth: float) -> Iterator[Server]:
    """Serves a checkpoint of the data for the length of a block.

    Args:
        data: Where it lies.
        name: Which one.
        latency: Seconds before each answer.
        bandwidth: Bytes a second of each connection.
    """
    folder = _lay_out(data, name)
    with subprocess.Popen(
        [sys.executable, str(_PROGRAM), str(folder), str(latency), str(bandwidth)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        try:
            yield Server(process.stdout.readline().strip())
        finally:
            process.stdin.close()
