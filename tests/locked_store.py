"""A file system in memory that opens to those alone who have its key.

with locked_store():
    fsspec.filesystem("locked", key=KEY).pipe_file("locked://place/m.index", ...)
    fastckpt.open("locked://place/m", storage_options={"key": KEY})
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import fsspec
from fsspec.implementations.memory import MemoryFileSystem
from fsspec.registry import _registry

__all__ = ["KEY", "locked_store"]

KEY = "secret-7f3a"


class LockedFileSystem(MemoryFileSystem):
    """``memory://`` behind a key."""

    protocol = "locked"

    def __init__(self, key: str = "", **options: Any) -> None:
        super().__init__(**options)
        if key != KEY:
            raise PermissionError(13, "the key does not fit")

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return super()._strip_protocol(path.replace("locked://", "memory://", 1))


@contextmanager
def locked_store() -> Iterator[None]:
    """Has fsspec know it for the length of a block."""
    fsspec.register_implementation("locked", LockedFileSystem, clobber=True)
    try:
        yield
    finally:
        _registry.pop("locked", None)
