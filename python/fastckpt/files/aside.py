"""Checkpoints that saves move while they are looked for, or left aside when killed."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from time import sleep
from typing import TypeVar

from fastckpt import _native
from fastckpt.base.callers import callers_level
from fastckpt.errors import CorruptionError
from fastckpt.files.find import PAUSES, exists, looks, moved_away

__all__ = ["find_again", "open_again", "open_where_found", "replaced", "warn_of_place"]

_Found = TypeVar("_Found")
_Opened = TypeVar("_Opened")


def open_where_found(
    find: Callable[[], _Found], open: Callable[[_Found], _Opened]
) -> _Opened:
    """Opens what is found; looks again where it vanished, three times at most.

    Args:
        find: Gives what is there; raises where nothing is.
        open: Opens it.

    Raises:
        OSError: It was moved away each time.
    """
    for pause in PAUSES:
        found = find()
        try:
            return open(found)
        except FileNotFoundError as error:  # a save moved it meanwhile
            name = error.filename
        sleep(pause)
    raise moved_away(name)


def open_again(
    prefix: str, find: Callable[[], _Found], open: Callable[[_Found], _Opened]
) -> _Opened:
    """Opens what `find` gives, which may not be there; as ``open_where_found``.

    Raises:
        FileNotFoundError: Nothing of that name is there.
        CorruptionError: Another checkpoint is.
        OSError: It was moved away each time.
    """
    gone = FileNotFoundError()
    for _ in looks(prefix):
        found = find()
        try:
            return open(found)
        except FileNotFoundError as error:
            gone = error
    if exists(prefix):
        raise replaced(prefix)
    raise gone


def find_again(
    format: str, path: str, files: list[str], identity: list[tuple[int, int, int]]
) -> list[str]:
    """Gives where a checkpoint's files lie now, an index or V1 file known by identity.

    A save may have set it aside since, or put it back.
    """
    if len(files) > 1:
        return files
    is_v1 = format == "v1"
    found = _native.find_again(os.fsencode(path), is_v1, identity[0])
    if found is not None:
        return [os.fsdecode(found)]
    if not _is_aside(path, files[0]):
        return files
    return [path if is_v1 else f"{path}.index"]


def replaced(file: str) -> CorruptionError:
    """Makes the error for an index, or V1 file, that is no longer the same."""
    return CorruptionError(
        f"{file}: the file was replaced since the checkpoint was pickled; "
        "open it again",
        path=file,
    )


def _is_aside(prefix: str, file: str) -> bool:
    """Tells whether this is how a save calls the prefix's index or V1 file aside."""
    if not file.endswith(".old"):
        return False
    base = _native.base_of_aside(os.fsencode(os.path.basename(file)))
    return base == os.fsencode(os.path.basename(prefix))


def warn_of_place(prefix: str, file: str) -> None:
    """Warns where a checkpoint was opened aside: what it is, how to put it back.

    Args:
        prefix: The checkpoint's.
        file: Its index, or its V1 file, where it was opened.
    """
    if not _is_aside(prefix, file):
        return
    index = os.path.basename(file)
    mark = index[index.rindex(".fastckpt-") :]
    is_v1 = index == os.path.basename(prefix) + mark
    rest = "" if is_v1 else ", the index's last"
    warnings.warn(
        f"{prefix}: a save that was killed, or is still under way, set these "
        f"files aside ({index!r} ...); they are read where they lie, and nothing is "
        f"lost. The next save under this prefix puts them back. By hand, while no save "
        f"is running: take the ending {mark!r} off all their names{rest}",
        RuntimeWarning,
        stacklevel=callers_level(),
    )
