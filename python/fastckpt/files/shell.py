"""Paths as words of commands that people copy into a shell."""

from __future__ import annotations

import os

from fastckpt.base.deferred import importing

__all__ = ["quote"]


def quote(path: str) -> str:
    """Gives a path as a word for a shell, which no command takes for an option."""
    with importing:
        import shlex

    head = path.partition("/")[0]
    if path.startswith("-") or ":" in head:  # tar takes HOST:FILE for a remote file
        path = f"./{path}"
    if path.isprintable():
        return shlex.quote(path)
    escaped = "".join(
        chr(byte) if 0x20 <= byte < 0x7F and byte not in b"'\\" else f"\\x{byte:02x}"
        for byte in os.fsencode(path)
    )
    return f"$'{escaped}'"
