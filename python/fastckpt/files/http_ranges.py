"""Ranges by HTTP: fsspec asks for them, and its answers are looked at on the way.

Its own call notices a server that ignores ranges. Beside that, no more is ever taken
than was asked for, and an answer that says it is another range is none.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from fastckpt.base.deferred import importing
from fastckpt.errors import UnsupportedError

if TYPE_CHECKING:
    from fsspec.implementations.http import HTTPFileSystem

__all__ = ["OtherRange", "fetch_range"]

_CHUNK = 1 << 20
_SPAN = re.compile(r"bytes (\d+)-(\d+)(?:/(\d{1,18})\b)?")
# What answers with a part say of all: other headers may be those of the part.
_TAGS = ("ETag", "Last-Modified")


class OtherRange(UnsupportedError):
    """A server answered with other bytes than were asked for."""


async def fetch_range(
    system: HTTPFileSystem, url: str, start: int, size: int, total: int
) -> tuple[bytes, dict[str, Any]]:
    """Gives some bytes of an object, and what their answer says of all of it.

    One byte more is given where more came. What is said has the names that ``info`` of
    the file system has; nothing is where the answer is not that of a range.

    Args:
        system: fsspec's file system.
        url: The object.
        start, size: Which bytes.
        total: How many the object has.

    Raises:
        OtherRange: The answer says that it is something else.
        Exception: Whatever fsspec raises.
    """
    with importing:
        from fsspec.implementations.http import HTTPFile

    session = _Session(await system.set_session(), start, size)
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
    return bytes(await file.async_fetch_range(start, start + size)), session.said


class _Session:
    """Stands for a session of aiohttp's, whose answers are looked at."""

    def __init__(self, session: Any, start: int, size: int) -> None:
        self._session = session
        self._start = start
        self._size = size
        self.said: dict[str, Any] = {}

    async def get(self, url: Any, **options: Any) -> _Answer:
        answer = await self._session.get(url, **options)
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
            if int(span[1]) != self._start:
                answer.close()
                raise OtherRange(
                    "the server answers with other bytes than were asked for"
                )
            self.said = {it: answer.headers.get(it) for it in _TAGS}
            self.said["size"] = int(span[3]) if span[3] else None
        return _Answer(answer, self._size)


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
