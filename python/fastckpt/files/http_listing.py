"""Which files a web server's page of a folder lists: links, of which many are none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote

__all__ = ["links_alone", "names_listed"]

# No part of these looks at a character of the page more than a few times: what is
# long, or begins often and never ends, takes no longer than any other page.
_TAG = re.compile(r"<a\s([^<>]{0,8192})", re.IGNORECASE)
_HREF = re.compile(r"""(?<!\S)href=(?:"([^"]+)"|'([^']+)')""", re.IGNORECASE)
_PLAIN = re.compile(r"https?://[-a-zA-Z0-9@:%_+.~#?&/=]+")
_SPACES = "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000"
_SPACES += "".join(map(chr, range(0x2000, 0x200B)))
_QUOTED = {ord(it): quote(it) for it in _SPACES + "\"'<>"}

_QUERY = re.compile(r"[?#].*", re.DOTALL)
# Links that lead to no file of the server.
_SCHEME = re.compile(r"(?:mailto|javascript|data|tel|ftp|https?):", re.IGNORECASE)


def links_alone(page: str) -> str:
    """Gives a page of the links of another, and of nothing else.

    fsspec finds links by expressions that take minutes on some pages of a few
    thousand bytes, and nothing else runs meanwhile. On this page they do not.
    """
    return "\n".join(dict.fromkeys(_links(page)))


def _links(page: str) -> Iterator[str]:
    for tag in _TAG.finditer(page):
        if link := _HREF.search(tag[1]):
            address = (link[1] or link[2]).strip().translate(_QUOTED)
            yield f'<a href="{address}">'
    for plain in _PLAIN.finditer(page):
        yield plain[0]


def names_listed(links: Iterable[str], folder: str) -> set[str]:
    """Gives the base names of what lies in a folder, by the links on its page.

    Links that sort the page (``?C=N;O=D``), lead elsewhere, up or further down count
    for nothing.

    Args:
        links: As the file system gives them, the folder's own address before each.
        folder: That address.
    """
    begins = {it.rstrip("/") + "/" for it in (folder, _QUERY.sub("", folder))}
    begins = {re.sub("^https?:", "", it) for it in begins}
    names = set()
    for link in links:
        address = re.sub("^https?:", "", link)
        fitting = [it for it in begins if address.startswith(it)]
        if not fitting:
            continue
        begin = max(fitting, key=len)
        name = _QUERY.sub("", address[len(begin) :]).removeprefix("./").rstrip("/")
        if "/" not in name and name not in ("", ".", "..") and not _SCHEME.match(name):
            names.add(name)
    return names
