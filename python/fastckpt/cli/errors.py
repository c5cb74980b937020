"""The border where errors become one line and an exit status."""

from __future__ import annotations

import errno

from fastckpt.errors import CheckpointError, MissingKeyError
from fastckpt.files.urls import UrlError
from fastckpt.reading.unopened import explain_data, find_missing_shard

__all__ = [
    "BROKEN",
    "INTERRUPTED",
    "PIPE_CLOSED",
    "USAGE",
    "BrokenCheckpoint",
    "UsageError",
    "explain_error",
]

BROKEN = 1
USAGE = 2
INTERRUPTED = 130
PIPE_CLOSED = 141


class UsageError(Exception):
    """What was asked for makes no sense here; the message is for the user."""


class BrokenCheckpoint(Exception):
    """A checkpoint that opened lacks a file it needs; the message is for the user."""


_ABOUT_ARGUMENTS = (UsageError, ValueError, TypeError, IndexError, ImportError)


def explain_error(error: Exception) -> tuple[str, int]:
    """Gives the line that explains an error, and the exit status it deserves."""
    if isinstance(error, UrlError):
        return str(error), USAGE
    if isinstance(error, CheckpointError):
        return explain_data(error), BROKEN
    if isinstance(error, BrokenCheckpoint):
        return str(error), BROKEN
    if isinstance(error, OSError):
        return _explain_os_error(error), USAGE
    if isinstance(error, MissingKeyError):
        return str(error), USAGE
    if isinstance(error, KeyError):  # its str() is the repr of its argument
        return str(error.args[0]) if error.args else "no such tensor", USAGE
    if isinstance(error, MemoryError):
        return f"out of memory: {error}".rstrip(": "), USAGE
    if isinstance(error, _ABOUT_ARGUMENTS):
        return str(error), USAGE
    return f"{type(error).__name__}: {error}", USAGE


def _explain_os_error(error: OSError) -> str:
    if error.errno is None or error.strerror is None:
        return str(error)
    places = [str(name) for name in (error.filename, error.filename2) if name]
    text = f"{' and '.join(places)}: {error.strerror}" if places else error.strerror
    if isinstance(error, FileNotFoundError) and (
        found := find_missing_shard("", error)
    ):
        text += f"; {found.advice}"
    if error.errno == errno.ENOSPC:
        text += "; free some space, then try again"
    return text
