"""A web server for tests: files by byte ranges, which can be told to misbehave.

    with RangeServer({"m.index": b"..."}, latency=0.02) as server:
        server.misbehave("ignores ranges", "m.index", times=1)
        fastckpt.open(f"{server.url}/m")
    assert server.count("GET") <= 4

HTTP/1.1 on the loopback interface alone, on a port that the kernel chooses; each
connection has a thread and is kept. It counts requests, and the bytes of their bodies
that were sent. What it can do wrong has names, see `range_faults.py`.

`python range_server.py FOLDER [LATENCY [BANDWIDTH]]` serves a folder from a process of
its own: it prints its URL, and ends when its standard input does; `counts_of(url)`
gives what it counted, and `/-/asked` each request; `/-/forget` begins anew.
`started(folder, ...)` is that process.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import children
from range_faults import FAULTS, Fault
from range_handler import COUNTS, Handler, Request

__all__ = ["RangeServer", "Request", "counts_of", "started"]


class RangeServer(ThreadingHTTPServer):
    """Serves files; closed at the end of its block, with all of its connections.

    Args:
        files: The bytes of each file by its name (``"folder/model.index"``), or the
            folder in which files lie.
        latency: Seconds before each answer.
        bandwidth: Bytes per second that one connection gets; None: all there are.

    Attributes:
        url: Of the server, without a slash at its end.
        requests: All that came, in the order in which their answers began.
        most_at_once: How many were answered at the same time, at most.
        before: Called with (method, name, number of the request, from 0) before an
            answer is made: what replaces a file then does so between two requests.
    """

    # None outlives the block: their connections are closed, and they are waited for.
    daemon_threads = False
    block_on_close = True
    request_queue_size = 128

    def __init__(
        self,
        files: Mapping[str, bytes] | Path,
        *,
        latency: float = 0.0,
        bandwidth: float | None = None,
    ) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.folder = files if isinstance(files, Path) else None
        self.files = {} if isinstance(files, Path) else dict(files)
        self.latency = latency
        self.bandwidth = bandwidth
        self.requests: list[Request] = []
        self.most_at_once = 0
        self.before: Callable[[str, str, int], None] = lambda *_: None
        self.lock = threading.Lock()
        self.is_closing = threading.Event()
        self._connections: set[Any] = set()
        self._faults: list[Fault] = []
        self._changed: dict[str, float] = {}
        self._begun = self._at_once = 0
        self.url = f"http://127.0.0.1:{self.server_port}"
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,))

    def __enter__(self) -> RangeServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.is_closing.set()
        self.shutdown()
        self._thread.join()
        with self.lock:
            connections = list(self._connections)
        for connection in connections:
            close_both_ways(connection)
        self.server_close()

    # What is served.

    def find(self, name: str) -> tuple[bytes | Path, float] | None:
        """Gives a file's bytes, or where they lie, and when they last changed."""
        if self.folder is None:
            with self.lock:
                if name not in self.files:
                    return None
                return self.files[name], self._changed.get(name, 1e9)
        path = self.folder / name
        is_inside = self.folder.resolve() in path.resolve().parents
        if not is_inside or not path.is_file():
            return None
        return path, path.stat().st_mtime

    def list(self, folder: str) -> list[str] | None:
        """Gives what lies in a folder (``""``, ``"a/b/"``), folders with a slash."""
        if self.folder is None:
            with self.lock:
                names = list(self.files)
        else:
            paths = self.folder.rglob("*")
            names = [str(it.relative_to(self.folder)) for it in paths if it.is_file()]
        inside = [name[len(folder) :] for name in names if name.startswith(folder)]
        heads = {
            head + slash for head, slash, _ in (it.partition("/") for it in inside)
        }
        return sorted(heads) if inside else None

    def put(self, name: str, content: bytes | None) -> None:
        """Replaces a file that is served from memory; None: it is gone."""
        with self.lock:
            self._changed[name] = self._changed.get(name, 1e9) + 60
            if content is None:
                del self.files[name]
            else:
                self.files[name] = content

    # What goes wrong.

    def misbehave(
        self,
        fault: str,
        name: str = "*",
        *,
        times: int | None = None,
        after: int = 0,
        method: str = "*",
    ) -> None:
        """Does something wrong with requests from now on.

        Args:
            fault: One of `range_faults.FAULTS`, or a status of four or five hundred.
            name: The file; a pattern of `fnmatch`.
            times: How often; None: always.
            after: How many requests that it is meant for are served well first.
            method: The requests that it is meant for: "GET", "HEAD", "*": all.
        """
        assert fault in FAULTS or fault.isdecimal(), fault
        with self.lock:
            self._faults.append(Fault(fault, name, method, times, after))

    def behave(self) -> None:
        """Ends whatever is done wrong."""
        with self.lock:
            self._faults.clear()

    # What the handlers of connections tell and ask.

    def begin(self, method: str, name: str) -> str | None:
        """Notes that a request has come; gives what is to be done wrong with it."""
        with self.lock:
            number = self._begun
            self._begun += 1
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
            due = [it.name for it in self._faults if it.is_due(method, name)]
        self.before(method, name, number)
        return due[0] if due else None

    def end(self) -> None:
        """Notes that a request was answered."""
        with self.lock:
            self._at_once -= 1

    def note(self, request: Request) -> None:
        """Notes that a request is being answered."""
        with self.lock:
            self.requests.append(request)

    def count(self, method: str | None = None, name: str | None = None) -> int:
        """Tells how many requests were answered, of a method and of a file."""
        return len(self._select(method, name))

    def sent(self, method: str | None = None, name: str | None = None) -> int:
        """Tells how many bytes bodies had, all headers left out."""
        return sum(it.sent for it in self._select(method, name))

    def forget(self) -> None:
        """Counts anew."""
        with self.lock:
            self.requests.clear()
            self.most_at_once = self._at_once

    def _select(self, method: str | None, name: str | None) -> list[Request]:
        with self.lock:
            return [
                it
                for it in self.requests
                if method in (None, it.method) and name in (None, it.name)
            ]

    # Connections.

    def process_request(self, request: Any, client_address: Any) -> None:
        with self.lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self.lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Says nothing where the other end, or the block, has gone."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


def close_both_ways(connection: Any) -> None:
    """Ends a connection, whoever reads from it or writes to it."""
    try:
        connection.shutdown(2)
    except OSError:  # it has ended
        return


# In a process of its own.


@contextmanager
def started(
    folder: Path, latency: float = 0.0, bandwidth: float | None = None
) -> Iterator[str]:
    """Serves a folder from a process of its own; gives its URL."""
    words = [folder, latency, *([] if bandwidth is None else [bandwidth])]
    command = [sys.executable, __file__, *map(str, words)]
    pipe = subprocess.PIPE
    with children.started(command, stdin=pipe, stdout=pipe, text=True) as child:
        yield child.stdout.readline().strip()
        child.stdin.close()
        child.wait(30)


def counts_of(url: str) -> dict[str, Any]:
    """Gives what a server in another process has counted.

    Returns:
        ``requests``: {method: how many}; ``sent``: bytes of all bodies.
    """
    with urllib.request.urlopen(url + COUNTS, timeout=30) as answer:
        return json.load(answer)


def main(folder: str, latency: str = "0", bandwidth: str = "") -> None:
    """Serves until nobody holds the other end of the standard input."""
    limit = float(bandwidth) if bandwidth else None
    with RangeServer(Path(folder), latency=float(latency), bandwidth=limit) as server:
        print(server.url, flush=True)
        while sys.stdin.read(1):
            time.sleep(0.01)


if __name__ == "__main__":
    main(*sys.argv[1:])
