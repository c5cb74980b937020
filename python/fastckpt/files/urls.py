"""URLs where paths are asked for: ``file://`` is local, what writes refuses others.

Without this a save to ``gs://bucket/model`` would make a local folder ``gs:``.
"""

from __future__ import annotations

import os
import re

from fastckpt.base.deferred import importing
from fastckpt.errors import UnsupportedError

__all__ = [
    "PathName",
    "UrlError",
    "check_url",
    "public_name",
    "remote_url",
    "source_path",
    "target_path",
    "target_prefix",
    "told_name",
    "wholes_of",
]

PathName = str | bytes | os.PathLike[str] | os.PathLike[bytes]

_PART = r"(?s:(.*)\.(?:index|meta|data-[0-9]{5,}-of-[0-9]{5,}))"
# What stands for a port and is none is a password with a slash, before it ended.
_WRONG_PORT = re.compile(
    r"https?://(?:[^/?#]*@)?(?![^/?#]*@)(?:\[[^]/?#]*\]|(?!\[)[^/?#:]*)"
    r":(?!\d{0,5}(?:[/?#]|\Z))",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")


class UrlError(UnsupportedError, ValueError):
    """A URL was given where only a local path can be."""


def target_path(path: PathName) -> str:
    """Gives the local path that a caller wants to write to.

    Raises:
        UrlError: It is a URL, and not of a local file.
    """
    name = os.fsdecode(path)
    scheme = _SCHEME.match(name)
    if scheme is None:
        return name
    if scheme[1].lower() == "file":
        return _local(name, scheme.end())
    raise UrlError(
        f"{public_name(name)}: fastckpt writes local files alone, not to "
        f"{scheme[1]}://; write to a local path, then copy its files there",
        path=public_name(name),
    )


def target_prefix(path: PathName) -> str:
    """Gives the local prefix under which a caller wants to save.

    Raises:
        ValueError: It names a folder: its files would be ``folder/.index`` and so on,
            hidden, and in another folder than they seem.
        UrlError: It is a URL, and not of a local file.
    """
    prefix = target_path(path)
    folder, base = os.path.split(prefix)
    if base in ("", os.curdir, os.pardir):
        example = os.path.join(folder if base == "" else prefix, "model.ckpt")
        raise ValueError(
            f"the prefix {prefix!r} names a folder; add a name for the checkpoint: "
            f"{example!r}"
        )
    return prefix


def remote_url(path: PathName) -> str | None:
    """Gives a URL that names what lies elsewhere; None of local paths."""
    name = os.fsdecode(path)
    scheme = _SCHEME.match(name)
    if scheme is None or scheme[1].lower() == "file" or _is_there(name):
        return None
    return name


def wholes_of(name: str) -> list[str]:
    """Gives the prefixes of which a file may be a part by its name."""
    part = re.fullmatch(_PART, name)
    if part is None:
        return []
    return [part[1], part[1] + ".ckpt"] if name.endswith(".meta") else [part[1]]


def source_path(path: PathName) -> str:
    """Gives the local path that a caller wants to read; one that is there as it is.

    Raises:
        UrlError: It is a URL, and not of a local file.
    """
    name = os.fsdecode(path)
    scheme = _SCHEME.match(name)
    if scheme is None or _is_there(name):
        return name
    if scheme[1].lower() == "file":
        return _local(name, scheme.end())
    raise UrlError(
        f"{public_name(name)}: this reads local files alone, not from {scheme[1]}://; "
        "copy the checkpoint's files here first",
        path=public_name(name),
    )


def public_name(url: str) -> str:
    """Gives a URL without ``user:password@``, and signatures in its query."""
    if _is_doubtful(url):
        return url.partition("://")[0] + "://..."
    return re.sub(r"(?s)^([^/?#]+://)(?:[^/?#]*@)?([^?#]*).*", r"\1\2", url)


def told_name(path: PathName) -> str:
    """Gives a name as it may be told: of a URL what is not secret."""
    return public_name(os.fsdecode(path)) if remote_url(path) else os.fsdecode(path)


def check_url(url: str) -> None:
    """Refuses URLs of which nobody can tell what in them is secret.

    Raises:
        UrlError: It is one of them, and is not quoted.
    """
    if _is_doubtful(url):
        raise UrlError(
            "the URL is a chain ('::'), or its user, password and port cannot be told "
            "apart; name one place, and write '/', '?', '#' and '@' of a password as "
            "%2F, %3F, %23 and %40, or give it in storage_options"
        )


def _is_doubtful(url: str) -> bool:
    return "::" in url or _WRONG_PORT.match(url) is not None


def _is_there(name: str) -> bool:
    """Tells whether anything lies here of which this is the name, or begins it."""
    folder, base = os.path.split(name)
    try:
        names = os.listdir(folder)
    except OSError:
        return False
    return any(each.startswith(base) for each in names)


def _local(url: str, start: int) -> str:
    host, separator, path = url[start:].partition("/")
    if host.lower() not in ("", "localhost") or not path:
        raise UrlError(
            f"{url}: a local file is named file:///folder/name, with a host that is "
            "empty or 'localhost'",
            path=url,
        )
    with importing:
        from urllib.parse import unquote_to_bytes

    return os.fsdecode(unquote_to_bytes(os.fsencode(separator + path)))
