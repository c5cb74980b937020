"""What is said of saves that did not finish."""

from __future__ import annotations

from fastckpt.checking.leftovers import UnfinishedSave
from fastckpt.errors import CheckpointError
from fastckpt.reading.causes import Cause
from fastckpt.reading.checkpoint import open
from fastckpt.reading.results import Finding

__all__ = ["RECOVER", "is_recoverable", "note_of"]

_UNFINISHED = "left by a save that did not finish, or is running now"
_NO_PARTS = "no part of a checkpoint that can be opened is in it"
_NO_INDEX = "without an index it cannot be told what is in it"
_SET_ASIDE = "set aside by a save that replaced it"
RECOVER = (
    "a copy of its files under a name that is free is that checkpoint; make it when "
    "nothing saves here any more"
)


def note_of(save: UnfinishedSave) -> Finding:
    """Says what is left of a save, how complete it is, and what to do."""
    path = save.files[0]
    more = f" and {len(save.files) - 1} more" if len(save.files) > 1 else ""
    what = f"{path}{more}: {_SET_ASIDE if save.kind == '.old' else _UNFINISHED}"
    if not save.parts:
        is_folder = save.kind == "_temp"
        what += f"; {_NO_PARTS if is_folder else _NO_INDEX}"
        return Finding(Cause.UNFINISHED_SAVE, what, _keep(save), path)
    tensors = sum(part.tensors for part in save.parts)
    if not save.is_complete:
        what += f"; {_describe_lack(save, tensors)}"
        return Finding(Cause.UNFINISHED_SAVE, what, _keep(save), path)
    if not is_recoverable(save):
        what += f"; all of it is in the checkpoint {save.prefix!r} already"
        return Finding(Cause.UNFINISHED_SAVE, what, "", path)
    what += (
        f"; it is complete: {tensors:,} tensor{'' if tensors == 1 else 's'}, all of "
        f"them sound, of the checkpoint {save.prefix!r}"
    )
    return Finding(Cause.UNFINISHED_SAVE, what, RECOVER, path)


def is_recoverable(save: UnfinishedSave) -> bool:
    """Tells whether a save is a complete checkpoint that is not there otherwise."""
    return save.is_complete and not _is_merged(save)


def _is_merged(save: UnfinishedSave) -> bool:
    """Tells whether a save in shards is there, and only its parts' indexes stayed."""
    data = [path for part in save.parts for path in part.data.values()]
    beginning = f"{save.prefix}.data-"
    if save.kind != "_temp" or not all(path.startswith(beginning) for path in data):
        return False
    try:
        with open(f"{save.prefix}.index") as whole:
            sizes = sum(part.tensors for part in save.parts), len(whole)
            return sizes[0] == sizes[1] and whole.verify().ok
    except (CheckpointError, OSError):
        return False


def _keep(save: UnfinishedSave) -> str:
    if save.kind == ".old":
        return "keep it until another checkpoint is verified to have what you need"
    return (
        "keep it while a save may be running, and until another checkpoint is verified "
        "to have what you need"
    )


def _describe_lack(save: UnfinishedSave, tensors: int) -> str:
    sound = sum(part.sound for part in save.parts)
    parts = f"{len(save.parts)} of {save.count} parts are there, and " * (
        save.count > 1
    )
    bad = next((part.problem for part in save.parts if part.problem), None)
    reason = f" ({bad})" if bad else ""
    return f"{parts}{sound:,} of {tensors:,} tensors in it are sound{reason}"
