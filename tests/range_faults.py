"""What `range_server.py` can do wrong, by name.

Each fault changes an answer that would have been right: its status, its headers, its
body, or when it ends.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

__all__ = ["CUT", "FAULTS", "HANG", "Answer", "Fault", "Part"]

CUT = "cut"
HANG = "hang"


@dataclass
class Part:
    """Bytes of a file: all of it, or what a range asked for."""

    begin: int
    size: int


@dataclass
class Answer:
    """What is sent for a request.

    Attributes:
        status: Its status.
        headers: Its headers, by their names.
        part: Which bytes of the file are its body; None: `text` is.
        text: The body, where it is none of a file's bytes.
        total: How many bytes the file has.
        end: After how many bytes of the body it ends before its end, and how: the
            connection is closed (CUT), or silent (HANG); None: it does not.
        is_chunked: Whether the body goes in chunks, without a length.
    """

    status: int
    headers: dict[str, str]
    part: Part | None = None
    text: bytes = b""
    total: int = 0
    end: tuple[int, str] | None = None
    is_chunked: bool = False

    @property
    def size(self) -> int:
        """How many bytes the body has."""
        return len(self.text) if self.part is None else self.part.size

    def fit(self, status: int | None = None) -> None:
        """Makes the headers those of the part that is sent."""
        self.status = status or self.status
        self.headers["Content-Length"] = str(self.size)
        if self.part is not None and self.status == 206:
            last = self.part.begin + self.part.size - 1
            span = f"bytes {self.part.begin}-{last}/{self.total}"
            self.headers["Content-Range"] = span
        else:
            self.headers.pop("Content-Range", None)


@dataclass
class Fault:
    """A fault that a server was told to have; see ``RangeServer.misbehave``."""

    name: str
    files: str
    method: str
    times: int | None
    after: int
    seen: int = field(default=0)

    def is_due(self, method: str, name: str) -> bool:
        """Tells whether a request that has come gets it, and counts the request."""
        if not fnmatchcase(name, self.files) or self.method not in ("*", method):
            return False
        number = self.seen - self.after
        self.seen += 1
        return number >= 0 and (self.times is None or number < self.times)


def _ignores_ranges(answer: Answer) -> None:
    answer.part = Part(0, answer.total)
    answer.fit(200)


def _whole_as_part(answer: Answer) -> None:
    """All of the file, and says that this is what was asked for."""
    part, answer.part = answer.part, Part(0, answer.total)
    span = answer.headers.get("Content-Range")
    answer.fit()
    if span is not None and part is not None:
        answer.headers["Content-Range"] = span


def _short(answer: Answer) -> None:
    if answer.part is not None:
        answer.part.size -= answer.part.size // 2 or min(answer.part.size, 1)
    answer.fit()


def _long(answer: Answer) -> None:
    if answer.part is not None:
        left = answer.total - answer.part.begin - answer.part.size
        more = min(left, 10)
        answer.part.begin -= min(answer.part.begin, 10 - more)
        answer.part.size = min(answer.part.size + 10, answer.total)
    span = answer.headers.get("Content-Range")
    answer.fit()
    if span is not None:
        answer.headers["Content-Range"] = span


def _wrong_range(answer: Answer) -> None:
    """Other bytes of the file, which the header says they are."""
    if answer.part is not None:
        is_first = answer.part.begin == 0
        answer.part.begin += 1 if is_first else -1
        answer.part.size -= answer.part.begin + answer.part.size > answer.total
    answer.fit()


def _no_content_range(answer: Answer) -> None:
    answer.headers.pop("Content-Range", None)


def _cut(answer: Answer) -> None:
    answer.end = answer.size // 2, CUT


def _cut_at_once(answer: Answer) -> None:
    answer.end = -1, CUT


def _hangs(answer: Answer) -> None:
    answer.end = -1, HANG


def _hangs_in_the_middle(answer: Answer) -> None:
    answer.end = answer.size // 2, HANG


def _packed(answer: Answer) -> None:
    """Small on the way, large where it is unpacked."""
    answer.part, answer.text = None, gzip.compress(bytes(1 << 24))
    answer.fit()
    answer.headers["Content-Encoding"] = "gzip"


def _chunked(answer: Answer) -> None:
    answer.headers.pop("Content-Length", None)
    answer.headers["Transfer-Encoding"] = "chunked"
    answer.is_chunked = True


def _no_length(answer: Answer) -> None:
    """As HTTP/1.0 has it: the body ends where the connection does."""
    answer.headers.pop("Content-Length", None)
    answer.headers["Connection"] = "close"


def _no_identity(answer: Answer) -> None:
    answer.headers.pop("ETag", None)
    answer.headers.pop("Last-Modified", None)


def _no_etag(answer: Answer) -> None:
    answer.headers.pop("ETag", None)


def _does_not_say_ranges(answer: Answer) -> None:
    answer.headers.pop("Accept-Ranges", None)


def _redirects(answer: Answer) -> None:
    """Sends the client to the same file by another name; the handler knows which."""
    answer.headers = {"Location": answer.headers["X-Other-Name"]}
    answer.part, answer.text = None, b""
    answer.fit(302)


FAULTS: dict[str, Callable[[Answer], None]] = {
    "ignores ranges": _ignores_ranges,
    "whole as part": _whole_as_part,
    "short": _short,
    "long": _long,
    "wrong range": _wrong_range,
    "no content range": _no_content_range,
    "cut": _cut,
    "cut at once": _cut_at_once,
    "hangs": _hangs,
    "hangs in the middle": _hangs_in_the_middle,
    "chunked": _chunked,
    "packed": _packed,
    "no length": _no_length,
    "no identity": _no_identity,
    "no etag": _no_etag,
    "does not say ranges": _does_not_say_ranges,
    "redirects": _redirects,
}
"""Beside these: "404", "503" ...: that status, whatever was asked for.

No HEAD is ``misbehave("405", method="HEAD")``, no listing ``misbehave("403", "*/")``,
a failure in the middle ``misbehave("503", after=2, times=1)``; a file that is replaced
or cut between two requests is what ``RangeServer.before`` does with ``put``.
"""
