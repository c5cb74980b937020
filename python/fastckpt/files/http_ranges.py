"""Ranges by HTTP: fsspec asks for them, and its answers are looked at on the way.

Its own call notices a server that ignores ranges. Beside that, no more is ever taken
than was asked for, and an answer that says it is another range is none.
"""

from __future__ import annotations

import re
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from fastckpt.base.deferred import importing
from fastckpt.errors import UnsupportedError

if TYPE_CHECKING:
    from fsspec.implementations.http import HTTPFile, HTTPFileSystem

__all__ = ["HttpRanges", "OtherRange"]

_CHUNK = 1 << 20
_SPAN = re.compile(r"bytes (\d+)-\d+(?:/(\d{1,18})\b)?")
# What answers with a part say of all: other headers may be those of the part.
_TAGS = ("ETag", "Last-Modified")


class OtherRange(UnsupportedError):
    """A server answered with other bytes than were asked for."""


class HttpRanges:
    """Asks one of fsspec's file systems for ranges.

    Attributes:
        system: That one.
    """

    def __init__(self, system: HTTPFileSystem) -> None:
        self.system = system
        self._files: dict[str, HTTPFile] = {}
        self._session: _Session | None = None

    async def fetch(
        self, url: str, start: int, size: int, total: int
    ) -> tuple[bytes, dict[str, Any]]:
        """Gives some bytes of an object, and what their answer says of all of it.

        One byte more is given where more came. What is said has the names that ``info``
        of the file system has; nothing is where the answer is not that of a range.

        Args:
            url: The object.
            start, size: Which bytes.
            total: How many the object has.

        Raises:
            OtherRange: The answer says that it is something else.
            Exception: Whatever fsspec raises.
        """
        if self._session is None:
            self._session = _Session(await self.system.set_session())
        file = self._files.get(url) or self._make(url, self._session, total)
        asked = _Asked(start, size)
        before = _asked.set(asked)
        try:
            got = await file.async_fetch_range(start, start + size)
        finally:
            _asked.reset(before)
        return bytes(got), asked.said

    def _make(self, url: str, session: _Session, total: int) -> HTTPFile:
        with importing:
            from fsspec.implementations.http import HTTPFile

        system = self.system
        file = HTTPFile(
            system,
            url,
            session=session,
            cache_type="none",
            size=total,
            loop=system.loop,
            asynchronous=True,
            **system.kwargs,
        )
        self._files[url] = file
        return file


class _Asked:
    """What the running task asks for, and what the answer says."""

    __slots__ = ("said", "size", "start")

    def __init__(self, start: int, size: int) -> None:
        self.start = start
        self.size = size
        self.said: dict[str, Any] = {}


_asked: ContextVar[_Asked] = ContextVar("_asked")


class _Session:
    """Stands for a session of aiohttp's, whose answers are looked at."""

    def __init__(self, session: Any) -> None:
        self._session = session

    async def get(self, url: Any, **options: Any) -> _Answer:
        answer = await self._session.get(url, **options)
        asked = _asked.get()
        packed = answer.headers.get("Content-Encoding", "")
        if answer.status in (200, 206) and packed not in ("", "identity"):
            # Nobody knows how much it is before it is unpacked.
            answer.close()
            raise OtherRange(
                "the server packs what it gives, though that was not asked for; copy "
                "the checkpoint's files here first"
            )
        span = _SPAN.match(answer.headers.get("Content-Range", ""))
        if answer.status == 206 and span:
            if int(span[1]) != asked.start:
                answer.close()
                raise OtherRange(
                    "the server answers with other bytes than were asked for"
                )
            asked.said = {it: answer.headers.get(it) for it in _TAGS}
            asked.said["size"] = int(span[2]) if span[2] else None
        return _Answer(answer, asked.size)


class _Answer:
    """Stands for an answer of aiohttp's, of which no more is read than was wanted."""

    def __init__(self, answer: Any, size: int) -> None:
        self._answer = answer
        self._size = size

    def __getattr__(self, name: str) -> Any:
        return getattr(self._answer, name)

    async def __aenter__(self) -> _Answer:
        await self._answer.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        if not self._answer.content.at_eof():
            self._answer.close()  # the rest is not waited for
        await self._answer.__aexit__(*error)

    async def read(self) -> bytes:
        came: list[bytes] = []
        count = 0
        while count <= self._size:
            chunk = await self._answer.content.read(_CHUNK)
            if not chunk:
                break
            came.append(chunk)
            count += len(chunk)
        return b"".join(came)[: self._size + 1]
