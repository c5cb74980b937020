"""What libraries of remote file systems raise, as the errors that people know.

Their own words may hold credentials: addresses with signatures, keys, tokens. Of what
they raise only the kind, a status and the system's own words are told.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from typing import Any

from fastckpt.errors import CheckpointError, CorruptionError, UnsupportedError

__all__ = [
    "DAMAGED",
    "NO_RANGES",
    "UNSUPPORTED",
    "Told",
    "error_of",
    "is_no_listing",
    "tell",
]

Told = tuple[int, str, str]
"""(an errno, or one of the two below; what is wrong; the object)."""

DAMAGED = 0
UNSUPPORTED = -1

_STATUS = {
    401: errno.EACCES,
    403: errno.EACCES,
    404: errno.ENOENT,
    408: errno.ETIMEDOUT,
    410: errno.ENOENT,
}
_TOO_FAR = 416
# Time-out, too early, too many requests.
_FOR_A_MOMENT = (408, 425, 429)
NO_RANGES = (
    "the server ignores which range of an object is asked for, and gives all of it; "
    "copy the checkpoint's files here first"
)
_WORDS = {
    errno.ENOENT: "no such object",
    errno.EACCES: "permission denied: see storage_options, or the configuration of "
    "the library that reads it",
    errno.ETIMEDOUT: "the time was out before all of it came",
}


def tell(error: BaseException, name: str) -> Told:
    """Says what went wrong with an object, without a word of what may be secret."""
    status = _find_status(error)
    if status == _TOO_FAR:
        return DAMAGED, "the object is shorter than it was said to be", name
    if status is not None:
        kind = _STATUS.get(status, errno.EIO)
        words = _WORDS.get(kind, "the server failed")
        return kind, f"{words} (status {status})", name
    if isinstance(error, UnsupportedError):  # our own
        return UNSUPPORTED, str(error), name
    if isinstance(error, ValueError) and "range requests" in str(error):
        return UNSUPPORTED, NO_RANGES, name
    kind = _find_errno(error, name)
    words = _WORDS.get(kind) or os.strerror(kind)
    cause = error.__cause__
    if isinstance(error, FileNotFoundError) and kind != errno.ENOENT and cause:
        error = cause
    return kind, f"{words} ({type(error).__name__})", name


def is_no_listing(error: BaseException) -> bool:
    """Tells whether a store said that it lists no such folder, or none at all.

    Whatever else went wrong leaves it open what is in there.
    """
    if isinstance(error, UnsupportedError):  # our own
        return False
    status = _find_status(error)
    if status is not None:
        return 400 <= status < 500 and status not in _FOR_A_MOMENT
    if isinstance(error, NotImplementedError):
        return True
    kinds = (errno.ENOENT, errno.ENOTDIR, errno.EACCES)
    return _find_errno(error, "") in kinds


def _find_status(error: BaseException | None) -> int | None:
    """Gives the HTTP status behind an error, or behind what caused it."""
    seen = 0
    while error is not None and seen < 5:
        status = getattr(error, "status", None)
        response: Any = getattr(error, "response", None)
        if isinstance(response, dict):  # botocore's
            status = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        if status is None:
            status = getattr(error, "code", None)  # gcsfs's
        if isinstance(status, int) and 400 <= status < 600:
            return status
        error = error.__cause__
        seen += 1
    return None


def _find_errno(error: BaseException, name: str) -> int:
    cause = error.__cause__
    names = {type(it).__name__ for it in (error, cause) if it is not None}
    if isinstance(error, (TimeoutError, asyncio.TimeoutError, socket.timeout)) or any(
        "Timeout" in name for name in names
    ):
        return errno.ETIMEDOUT
    if isinstance(error, FileNotFoundError):
        return errno.ENOENT if _is_absence(cause, name) else errno.EIO
    if isinstance(error, PermissionError):
        return errno.EACCES
    if names & {"NoCredentialsError", "PartialCredentialsError", "RefreshError"}:
        return errno.EACCES
    number = error.errno if isinstance(error, OSError) else None
    return number if isinstance(number, int) and number > 0 else errno.EIO


def _is_absence(cause: BaseException | None, name: str) -> bool:
    """Tells whether a FileNotFoundError of this cause means that nothing is there.

    HTTP makes one of whatever went wrong, wrong options too.
    """
    if cause is None or isinstance(cause, FileNotFoundError):
        return True
    if isinstance(cause, LookupError):  # of stores that are mappings
        return not name.lower().startswith("http")
    return type(cause).__module__.startswith("botocore")


def error_of(told: Told) -> OSError | CheckpointError:
    """Makes the error that says it."""
    kind, words, name = told
    if kind == DAMAGED:
        return CorruptionError(f"{name}: {words}", path=name)
    if kind == UNSUPPORTED:
        return UnsupportedError(f"{name}: {words}", path=name)
    return OSError(kind, words, name)
