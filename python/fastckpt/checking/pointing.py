"""The state file of a folder is made to name the newest checkpoint that is sound."""

from __future__ import annotations

import errno
import os
from typing import NamedTuple

from fastckpt.checking.examination import Examination
from fastckpt.checking.stamps import stamp_of
from fastckpt.errors import CorruptionError
from fastckpt.files.find import exists
from fastckpt.files.foreign import name_foreign_file
from fastckpt.files.replace import replace_file
from fastckpt.files.replaced import name_checkpoint_file
from fastckpt.files.state_file import (
    STATE_NAME,
    CheckpointState,
    parse_fields,
    read_content,
)
from fastckpt.files.state_update import StateConflictError, format_state

__all__ = ["Pointed", "point_at_newest"]

_BEFORE = "before"


class Pointed(NamedTuple):
    """What became of a folder's state file.

    Attributes:
        path: The state file.
        checkpoint: The checkpoint that it names now.
        before: Where the old one lies; None where there was none, or nothing changed.
        dropped: What the old one listed, and the new one does not: what is not there,
            or is damaged. Its files stay as they are.
        is_changed: Whether anything was written: False where it named that already.
    """

    path: str
    checkpoint: str
    before: str | None
    dropped: list[str]
    is_changed: bool


def point_at_newest(found: Examination) -> Pointed | None:
    """Makes a folder's state file name its newest sound checkpoint.

    The old one is kept as ``checkpoint.before``, or under the next free name of that
    kind; whoever looks finds the old one or the new. Run it when nothing saves there.

    Args:
        found: What ``examine`` found out about the folder, just now.

    Returns:
        What was done; None where no checkpoint in the folder is sound.

    Raises:
        StateConflictError: What has the state file's name is no state file, but a
            model of another program, say.
        OSError: It cannot be written, or the checkpoint is no more as it was found;
            the old one is as it was, or as ``checkpoint.before``.
    """
    if found.newest is None:
        return None
    _check_unchanged(found)
    folder, path = found.path, os.path.join(found.path, STATE_NAME)
    if what := name_foreign_file(path) or name_checkpoint_file(path):
        raise StateConflictError(
            f"{path!r} is {what}, which a state file of this name would replace; "
            "move it to another folder first"
        )
    if _names(path, folder, found.newest):
        return Pointed(path, found.newest, None, [], False)
    # A link that leads nowhere has nothing to be kept.
    before = _keep(path) if os.path.exists(path) else None
    try:
        # As it was kept: what a saver wrote meanwhile is not mixed in.
        known = {os.path.abspath(it.path): it.ok for it in found.examined}
        old = _parse(before) if before else None
        new, dropped = _make(folder, found.newest, old, known)
        content = format_state(new).encode("utf-8", "surrogateescape")
        _check_unchanged(found)
        replace_file(path, content)
    except BaseException:
        # It may have been replaced already, and then this is all that is left.
        if before and _has_same(path, before):
            os.unlink(before)
        raise
    return Pointed(path, found.newest, before, dropped, True)


def _check_unchanged(found: Examination) -> None:
    """Refuses to name a checkpoint that was replaced or removed meanwhile.

    Raises:
        OSError: It was.
    """
    newest = found.newest or ""
    now = stamp_of(newest)
    if not now or now != (found._stamp or now):
        reason = "it has changed since it was examined; see what saves here, try again"
        raise OSError(errno.EBUSY, reason, newest)


def _has_same(path: str, before: str) -> bool:
    """Tells whether a file is as it was; where that is not known, it is not."""
    try:
        return read_content(path) == read_content(before)
    except (CorruptionError, OSError):
        return os.path.samefile(path, before) if os.path.exists(path) else False


def _names(path: str, folder: str, prefix: str) -> bool:
    """Tells whether a state file names a checkpoint already, where it really is."""
    state = _parse(path)
    return state is not None and _leads_to(state.model_checkpoint_path, folder, prefix)


def _leads_to(path: str, folder: str, prefix: str) -> bool:
    return os.path.abspath(os.path.join(folder, path)) == os.path.abspath(prefix)


def _keep(path: str) -> str:
    """Gives the file a second name, one that was free.

    Raises:
        OSError: It cannot be done.
    """
    number, name = 1, f"{path}.{_BEFORE}"
    while True:
        try:
            _copy_new(path, name)
        except FileExistsError:
            number += 1
            name = f"{path}.{_BEFORE}-{number}"
        else:
            return name


def _copy_new(path: str, name: str) -> None:
    """Makes a name for a file's contents, and never takes another file's."""
    try:
        os.link(os.path.realpath(path), name)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        with open(path, "rb") as file, open(name, "xb") as copy:
            try:
                copy.write(file.read())
                copy.flush()
                os.fsync(copy.fileno())
            except BaseException:
                os.unlink(name)
                raise


def _parse(path: str) -> CheckpointState | None:
    """Gives what a state file says, as it is written; None of a damaged one."""
    try:
        content = read_content(path)
        return parse_fields((content or b"").decode("utf-8", "surrogateescape"))
    except CorruptionError:
        return None


def _make(
    folder: str, newest: str, old: CheckpointState | None, known: dict[str, bool]
) -> tuple[CheckpointState, list[str]]:
    """Gives what the state file is to say, and what is no more in its list."""
    paths = list(old.all_model_checkpoint_paths) if old else []
    if old and not paths and old.model_checkpoint_path:
        paths = [old.model_checkpoint_path]  # as TensorFlow takes it
    times = list(old.all_model_checkpoint_timestamps) if old else []
    is_timed = bool(times) and len(times) == len(paths)
    kept: list[tuple[str, float]] = []
    dropped: list[str] = []
    own = os.path.basename(newest), _written_at(newest)
    for at, path in enumerate(paths):
        place = _find_place(path, folder)
        # What has moved with its folder is named where it is now.
        is_right = _leads_to(path, folder, place)
        text = path if is_right else os.path.basename(place)
        entry = text, times[at] if is_timed else 0.0
        if place == os.path.abspath(newest):
            own = entry
        elif known.get(place, _is_elsewhere(place, folder) and exists(place)):
            kept.append(entry)
        else:
            dropped.append(path)
    entries = [*kept, own]
    stamps = [time for _, time in entries] if is_timed else []
    preserved = old.last_preserved_timestamp if old else 0.0
    listed = [path for path, _ in entries]
    return CheckpointState(own[0], listed, stamps, preserved), dropped


def _find_place(path: str, folder: str) -> str:
    """Gives where an entry leads, which may have moved with its folder."""
    place = os.path.abspath(os.path.join(folder, path))
    beside = os.path.abspath(os.path.join(folder, os.path.basename(path)))
    return place if exists(place) or not exists(beside) else beside


def _is_elsewhere(place: str, folder: str) -> bool:
    return os.path.dirname(place) != os.path.abspath(folder)


def _written_at(prefix: str) -> float:
    for path in (f"{prefix}.index", prefix):
        if os.path.isfile(path):
            return os.stat(path).st_mtime
    return 0.0
