"""What is wrong where nothing could be opened, or a file is missing from the start."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from fastckpt import _native
from fastckpt.base.deferred import importing
from fastckpt.errors import CheckpointError, UnsupportedError
from fastckpt.files.foreign import ForeignObject
from fastckpt.files.shard_names import split_shard
from fastckpt.files.state_file import STATE_NAME
from fastckpt.reading.causes import Cause
from fastckpt.reading.results import Finding

if TYPE_CHECKING:
    from fastckpt.files.next_steps import Foreign

__all__ = [
    "advise_missing",
    "explain_data",
    "find_foreign_data",
    "find_missing_shard",
    "why_not_opened",
]

_MISSING = "copy this file beside the others"
_AGAIN = "copy the checkpoint again, to another place, and keep this one until that is"
_NO_INDEX = f"without a sound index nothing can be read; {_AGAIN} verified"
_WHY_NOT_OPENED = {
    Cause.STATE_FILE: "leave it as it is, and name the checkpoint itself instead",
    Cause.UNSUPPORTED: "it may be sound; read it with what wrote it",
}
# What is no data of tensors for sure, even where a shard has these first bytes.
_NO_DATA = {"pointer", "html", "xml", "gzip", "bzip2", "xz", "zstd", "zip", "hdf5"}
# What a block of an index may be long, and still be wrong where it begins.
_BLOCK = 256 << 10


def find_foreign_data(path: str) -> Foreign | None:
    """Tells what a data file is that is no data at all.

    (The data of tensors may begin like anything: none are named by it that may be.)
    """
    found = _find_foreign(path)
    return found if found is not None and found.kind in _NO_DATA else None


def _find_foreign(path: str) -> Foreign | None:
    """Tells what a file is that is another program's, and no damaged one of ours."""
    with importing:
        from fastckpt.files.foreign import looks_like_table
        from fastckpt.files.next_steps import find_foreign

    return None if looks_like_table(path) else find_foreign(path)


def why_not_opened(path: str, error: CheckpointError) -> Finding:
    """Gives what is wrong where nothing could be opened."""
    place = error.path or path
    if isinstance(error, ForeignObject):
        message = str(error).removesuffix(f"; {error.advice}")
        return Finding(Cause.FOREIGN_FILE, message, error.advice, place)
    found = _find_foreign(place)
    is_state = os.path.basename(place) == STATE_NAME
    if found and not is_state and found.advice not in str(error):
        found = None  # it was read as what it is, and is damaged
    if found is not None and found.kind != "empty":
        cause, advice = Cause.FOREIGN_FILE, found.advice
    elif is_state:
        cause, advice = Cause.STATE_FILE, _WHY_NOT_OPENED[Cause.STATE_FILE]
    elif isinstance(error, UnsupportedError):
        cause, advice = Cause.UNSUPPORTED, _WHY_NOT_OPENED[Cause.UNSUPPORTED]
    else:
        return _find_damaged_table(place, error)
    tensors = () if error.tensor is None else (error.tensor,)
    message = str(error).removesuffix(f"; {advice}")
    return Finding(cause, message, advice, error.path, error.offset, tensors)


def _find_damaged_table(path: str, error: CheckpointError) -> Finding:
    """Tells a table that is cut, or has lost pages, from one with other wrong bytes."""
    with importing:
        from fastckpt.files.foreign import ends_like_table

    tensors = () if error.tensor is None else (error.tensor,)
    try:
        size = os.stat(path).st_size
        zeros = _native.zero_pages(os.fsencode(path))
    except (CheckpointError, OSError):
        return Finding(Cause.INDEX, str(error), _NO_INDEX, path, error.offset, tensors)
    is_whole = ends_like_table(path)
    lost = [
        (begin, end)
        for begin, end in zeros
        if (end == size and not is_whole) or _may_break(begin, end, error.offset, path)
    ]
    if lost:
        ranges = ", ".join(f"{begin:,} to {end:,}" for begin, end in lost)
        message = f"{error}; whole pages of it are zeros, bytes {ranges}"
        return Finding(Cause.ZERO_FILLED, message, _NO_INDEX, path, lost[0][0], tensors)
    if not is_whole and error.path is not None:
        message = f"{error}; the file is cut: it ends at byte {size:,}"
        return Finding(Cause.CUT_FILE, message, _NO_INDEX, path, size, tensors)
    places = error.path, error.offset, tensors
    return Finding(Cause.INDEX, str(error), _NO_INDEX, *places)


def _may_break(begin: int, end: int, offset: int | None, path: str) -> bool:
    """Tells whether zeros may be why a block at an offset is wrong.

    What V1 saved may be zeros, so only those count that lie where it is wrong.
    """
    if path.endswith(".index"):
        return True
    return offset is not None and begin < offset + _BLOCK and end > offset


def explain_data(error: CheckpointError) -> str:
    """Gives an error's text, and what a data file is that holds no data at all."""
    if error.path is None or split_shard(error.path) is None:
        return str(error)
    found = find_foreign_data(error.path)
    if found is None or found.advice in str(error):
        return str(error)
    return f"{error}; by its first bytes the file is {found.what}; {found.advice}"


def find_missing_shard(path: str, error: FileNotFoundError) -> Finding | None:
    """Tells a data file that is missing from a path that leads nowhere."""
    missing = os.fsdecode(error.filename or "")
    if missing == path or split_shard(missing) is None:
        return None
    message = f"{missing}: a data file of the checkpoint is missing"
    advice = advise_missing(missing)
    return Finding(Cause.MISSING_FILE, message, advice, missing)


def advise_missing(path: str) -> str:
    """Says how to have a data file that is missing: it may be there compressed."""
    with importing:
        from fastckpt.files.packed import unpack_pieces

    parts = split_shard(path)
    packed = unpack_pieces(parts.stem.removesuffix(".data")) if parts else None
    return packed or _MISSING
