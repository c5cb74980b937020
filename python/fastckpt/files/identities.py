"""What tells remote objects from their replacements, as file systems tell of them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

__all__ = ["Identity", "Seen", "identity_of", "is_digested", "is_tagged"]

Identity = tuple[int, int, int]
"""What tells an object from its replacement: a hash of its tag, its size, its time."""

# By which names file systems tell a version of an object, the best first.
_TAGS = [
    "ETag",
    "etag",
    "e_tag",
    "generation",
    "md5Hash",
    "Content-MD5",
    "content_md5",
    "md5",
    "Digest",
]
_TIMES = [
    "LastModified",
    "last_modified",
    "Last-Modified",
    "mtime",
    "updated",
    "modified",
    "created",
]


class Seen(NamedTuple):
    """What is known of an object, or of a folder, where stores have such.

    Attributes:
        is_file: Whether it is an object.
        identity: Of an object.
        is_tagged: Whether that is made of an ETag.
    """

    is_file: bool
    identity: Identity
    is_tagged: bool = False


def identity_of(info: Mapping[str, Any]) -> Identity:
    """Gives what tells an object from its replacement, of what is said of it."""
    size = int(info.get("size") or 0)
    for tag in _TAGS:
        if info.get(tag):
            return _hash(f"{tag} {info[tag]}"), size, 0
    for key in _TIMES:
        time = info.get(key)
        if isinstance(time, datetime):
            return 0, size, int(time.timestamp() * 1e6) * 1000
        if time:
            return _hash(f"{time}"), size, 0
    return 0, size, 0


def is_digested(content: bytes, identity: Identity) -> bool:
    """Tells whether an object's tag is a digest, and its bytes are these.

    S3 tags so what was stored in one go. False of most others tells nothing.
    """
    digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
    told = {"ETag": f'"{digest}"', "size": len(content)}
    return identity_of(told) == identity


def _hash(text: str) -> int:
    return int.from_bytes(
        hashlib.sha256(text.encode("utf-8", "backslashreplace")).digest()[:8], "little"
    )


def is_tagged(info: Mapping[str, Any]) -> bool:
    """Tells whether an identity is made of an ETag."""
    return bool(info.get(_TAGS[0]))
