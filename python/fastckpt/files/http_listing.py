"""Which files a web server's page of a folder lists: links, of which many are none."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["names_listed"]

_QUERY = re.compile(r"[?#].*", re.DOTALL)
# Links that lead to no file of the server.
_SCHEME = re.compile(r"(?:mailto|javascript|data|tel|ftp|https?):", re.IGNORECASE)


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
