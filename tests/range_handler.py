"""One connection of `range_server.py`: requests are read, answers are sent."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from email.utils import formatdate
from html import escape
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from range_faults import CUT, FAULTS, Answer, Part

if TYPE_CHECKING:
    from range_server import RangeServer

__all__ = ["ASKED", "COUNTS", "FORGET", "Handler", "Request"]

ASKED = "/-/asked"
COUNTS = "/-/counts"
FORGET = "/-/forget"
_OTHER = "/-/other"
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_SENT_AT_ONCE = 1 << 18


@dataclass
class Request:
    """One request: what was asked, and how it was answered.

    Attributes:
        method: "GET", "HEAD" ...
        name: The file, as the server has it.
        range: The header ``Range``, or None.
        status: That of the answer; 0: none was given.
        sent: The bytes of the answer's body that were sent.
        fault: What the server was told to do wrong with it, or None.
    """

    method: str
    name: str
    range: str | None
    status: int
    sent: int
    fault: str | None


class Handler(BaseHTTPRequestHandler):
    """Answers GET and HEAD; anything else is status 501."""

    server: RangeServer
    protocol_version = "HTTP/1.1"
    # An answer's two writes would wait for each other's receipt.
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def log_message(self, *_: object) -> None:
        """Says nothing."""

    def _answer(self) -> None:
        if self.path in (ASKED, COUNTS, FORGET):
            self._tell()
            return
        path = self.path.split("?")[0]
        is_other = path.startswith(f"{_OTHER}/")
        self.name = unquote(path.removeprefix(_OTHER) if is_other else path)[1:]
        fault = self.server.begin(self.command, self.name)
        try:
            self.server.is_closing.wait(self.server.latency)
            if fault == "redirects" and is_other:
                fault = None  # it has arrived
            answer = self._make(fault)
            self._note(answer, fault)
            self._send(answer)
        finally:
            self.server.end()

    def _note(self, answer: Answer, fault: str | None) -> None:
        """Before the answer is sent: who has it finds it counted."""
        status = 0 if answer.end is not None and answer.end[0] < 0 else answer.status
        asked = self.headers.get("Range")
        self.request_noted = Request(self.command, self.name, asked, status, 0, fault)
        self.server.note(self.request_noted)

    # What is to be sent.

    def _make(self, fault: str | None) -> Answer:
        if fault is not None and fault.isdecimal():
            return self._without_name(self._say(int(fault)))
        self.content = b""
        found = self.server.find(self.name)
        answer = self._list() if found is None else self._part_of(*found)
        if fault is not None:
            FAULTS[fault](answer)
        return self._without_name(answer)

    def _without_name(self, answer: Answer) -> Answer:
        answer.headers.pop("X-Other-Name", None)
        return answer

    def _say(self, status: int, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = Answer(status, named, text=f"status {status}\n".encode())
        answer.headers["X-Other-Name"] = f"{_OTHER}/{quote(self.name)}"
        answer.fit()
        return answer

    def _list(self) -> Answer:
        names = self.server.list(self.name)
        if names is None or (self.name and not self.name.endswith("/")):
            return self._say(404)
        links = [f'<a href="{quote(it, safe="/?=;")}">{escape(it)}</a>' for it in names]
        answer = self._say(200, Content_Type="text/html")
        answer.text = "\n".join(["<html>", *links, "</html>"]).encode()
        answer.fit()
        return answer

    def _part_of(self, content: bytes | Path, changed: float) -> Answer:
        if isinstance(content, Path):
            total, seed = content.stat().st_size, str(changed).encode()
        else:
            total, seed = len(content), content
        self.content = content
        identity = hashlib.sha1(seed + str(total).encode()).hexdigest()
        answer = self._say(
            200,
            Content_Type="application/octet-stream",
            Accept_Ranges="bytes",
            ETag=f'"{identity}"',
            Last_Modified=formatdate(changed, usegmt=True),
        )
        answer.total = total
        answer.part = Part(0, total)
        if self.headers.get("If-Match", answer.headers["ETag"]) not in (
            answer.headers["ETag"],
            "*",
        ):
            return self._say(412)
        span = _RANGE.fullmatch(self.headers.get("Range", ""))
        if span is None or not any(span.groups()):
            answer.fit()
            return answer
        answer.part = _cut_out(span[1], span[2], total)
        if answer.part.size <= 0:
            refusal = self._say(416)
            refusal.headers["Content-Range"] = f"bytes */{total}"
            return refusal
        answer.fit(206)
        return answer

    # Sending.

    def _send(self, answer: Answer) -> None:
        end, how = answer.end or (answer.size, None)
        if end >= 0:
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
        if self.command != "HEAD":
            for piece in self._pieces(answer, max(end, 0)):
                self._pace(len(piece))
                self.request_noted.sent += len(piece)
                self._write(piece, answer.is_chunked)
        if how is not None:
            self.close_connection = True
            if how != CUT:
                self.server.is_closing.wait()
        elif answer.is_chunked and self.command != "HEAD":
            self.wfile.write(b"0\r\n\r\n")
        if answer.headers.get("Connection") == "close":
            self.close_connection = True

    def _write(self, piece: bytes | memoryview, is_chunked: bool) -> None:
        if is_chunked:
            self.wfile.write(b"%x\r\n" % len(piece))
        self.wfile.write(piece)
        if is_chunked:
            self.wfile.write(b"\r\n")

    def _pieces(self, answer: Answer, end: int) -> Iterator[bytes | memoryview]:
        """Gives the first bytes of a body, some at a time."""
        if answer.part is None:
            yield answer.text[:end]
            return
        begin, end = answer.part.begin, answer.part.begin + end
        if not isinstance(self.content, Path):
            for at in range(begin, end, _SENT_AT_ONCE):
                yield memoryview(self.content)[at : min(at + _SENT_AT_ONCE, end)]
            return
        with self.content.open("rb", buffering=0) as file:
            file.seek(begin)
            while begin < end:
                piece = file.read(min(_SENT_AT_ONCE, end - begin))
                if not piece:  # the file was cut: what was promised does not come
                    self.close_connection = True
                    return
                begin += len(piece)
                yield piece

    def _pace(self, size: int) -> None:
        """Waits as long as the bytes take on this connection, whatever went before."""
        if self.server.bandwidth is None:
            return
        now = time.monotonic()
        self.free_at = max(getattr(self, "free_at", now), now)
        self.free_at += size / self.server.bandwidth
        self.server.is_closing.wait(self.free_at - now)

    def _tell(self) -> None:
        """Answers who asks of another process; that is counted nowhere."""
        server, told = self.server, {}
        if self.path == FORGET:
            server.forget()
        elif self.path == ASKED:
            requests = [asdict(it) for it in list(server.requests)]
            told = {"requests": requests, "at once": server.most_at_once}
        else:
            methods = Counter(it.method for it in list(server.requests))
            told = {"requests": methods, "sent": server.sent()}
        text = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


def _cut_out(first: str, last: str, total: int) -> Part:
    """Gives the bytes that a range means; none where it lies behind the end."""
    if not first:
        begin = max(total - int(last), 0)
        return Part(begin, total - begin)
    begin = int(first)
    end = min(int(last) + 1, total) if last else total
    return Part(begin, end - begin)
