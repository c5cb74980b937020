"""What fsspec speaks HTTP with: aiohttp, with room for many requests and bounds."""

from __future__ import annotations

import codecs
from functools import cache
from typing import Any

from fastckpt.base.deferred import importing
from fastckpt.errors import UnsupportedError
from fastckpt.files.http_listing import links_alone

__all__ = ["EndlessPage", "make_client"]

# Ranges under way, and looks beside them.
_MAX_CONNECTIONS = 160
_CHUNK = 1 << 16
MAX_PAGE_BYTES = 16 << 20
"""Of a page of text, which here is the listing of a folder."""
# No page is in these; they take for ever to decode one that is said to be.
_NO_PAGES = ("idna", "punycode")


class EndlessPage(UnsupportedError):
    """A listing is longer than any that is read."""


async def make_client(**options: Any) -> Any:
    """Makes a session as fsspec does, of which pages are not read for ever."""
    with importing:
        import aiohttp

    options.setdefault("connector", aiohttp.TCPConnector(limit=_MAX_CONNECTIONS))
    options.setdefault("response_class", _response_class())
    return aiohttp.ClientSession(**options)


@cache
def _response_class() -> type:
    with importing:
        from aiohttp import ClientResponse

    class Response(ClientResponse):
        async def text(
            self, encoding: str | None = None, errors: str = "strict"
        ) -> str:
            """Gives the links alone: fsspec asks for no text but listings."""
            page = bytearray()
            while chunk := await self.content.read(_CHUNK):
                page += chunk
                if len(page) > MAX_PAGE_BYTES:
                    self.close()
                    raise EndlessPage(
                        f"its listing is longer than {MAX_PAGE_BYTES} bytes; name the "
                        "checkpoint itself, and not its folder"
                    )
            return links_alone(_decode(page, encoding or self.charset, errors))

    return Response


def _decode(page: bytearray, encoding: str | None, errors: str) -> str:
    try:
        if encoding and codecs.lookup(encoding).name not in _NO_PAGES:
            return page.decode(encoding, errors)
    except LookupError:  # no such encoding
        pass
    return page.decode("utf-8", errors)
