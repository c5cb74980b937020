"""Files of another save, an index of another run, files under another name."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from fastckpt.base.deferred import importing
from fastckpt.files.shard_names import split_shard
from fastckpt.reading.causes import Cause
from fastckpt.reading.damaged_files import count
from fastckpt.reading.results import Finding
from fastckpt.reading.stored_files import CheckpointFiles

if TYPE_CHECKING:
    from fastckpt.reading.checkpoint import Checkpoint

__all__ = [
    "find_renamed_file",
    "find_save_of",
    "name_index",
    "of_another_run",
    "of_other_count",
    "of_unknown_save",
]

_OWN = "copy this file again from where this checkpoint was saved"
_KEEP = "; keep this one until then, some save may need it"
_ONLY = "needs it, and has no other sound copy here"
_INDEX = (
    "copy the index again from where these data files are from; keep this one until "
    "then, some save may need it"
)


def name_index(checkpoint: Checkpoint) -> str:
    """Gives the path of a checkpoint's index."""
    return os.path.abspath(checkpoint.files[0])


def find_save_of(
    checkpoint: Checkpoint, path: str, tensors: tuple[str, ...]
) -> list[Finding]:
    """Gives the finding of a data file whose save lies beside; none where none does."""
    with importing:
        from fastckpt.reading.kin import find_owner

    index, shard = name_index(checkpoint), split_shard(os.path.basename(path))
    if shard is None:
        return []
    kin = find_owner(index, shard.shard, path, checkpoint._count(None))
    if kin is None:
        return []
    whose = f"it is data file {kin.shard} of {kin.prefix!r}, whole and sound"
    message = f"{path}: {_describe(tensors)}, and {whose}"
    if kin.copy is None:
        advice = f"{_OWN}; keep this one under a free name, too: {kin.prefix!r} {_ONLY}"
    else:
        advice = f"{_OWN}; what is in it now is in {kin.copy!r}, too"
    return [Finding(Cause.OTHER_SAVE, message, advice, path, None, tensors)]


def _describe(tensors: tuple[str, ...]) -> str:
    if len(tensors) == 1:
        return f"tensor {tensors[0]!r} does not fit the index"
    return f"{count(len(tensors))} in it do not fit the index"


def of_unknown_save(path: str, tensors: tuple[str, ...]) -> Finding:
    """Makes the finding of a data file that is some other save's."""
    message = (
        f"{path}: {_describe(tensors)}, and nothing in it does, while the other data "
        "files do: it is of another save, or damaged from one end to the other"
    )
    return Finding(Cause.OTHER_SAVE, message, _OWN + _KEEP, path, None, tensors)


def of_another_run(index: str, tensors: tuple[str, ...]) -> Finding:
    """Makes the finding of an index that fits none of its data files."""
    with importing:
        from fastckpt.reading.kin import find_same_index

    other = find_same_index(index)
    message = f"{index}: it fits nothing in its data files ({count(len(tensors))}): "
    message += (
        "index and data files are of different saves"
        if other is None
        else f"it is that of {other!r}, byte for byte"
    )
    return Finding(Cause.OTHER_INDEX, message, _INDEX, index, None, tensors)


def of_other_count(
    checkpoint: Checkpoint, missing: Iterable[Iterable[str]]
) -> Finding | None:
    """Makes the finding of an index whose data files are here in another number."""
    files = CheckpointFiles(checkpoint)
    parts = [it for it in map(split_shard, files.strangers) if it is not None]
    counts = [it.num_shards for it in parts]
    whole = [number for number in set(counts) if counts.count(number) == number]
    if not whole:
        return None
    index = name_index(checkpoint)
    lost = {name for names in missing for name in names}
    tensors = tuple(name for name in checkpoint if name in lost)
    message = (
        f"{index}: it is of {checkpoint._reader.shard_count():,} data files, of which "
        f"none is here; those that are here are {whole[0]:,} of another save"
    )
    return Finding(Cause.OTHER_INDEX, message, _INDEX, index, None, tensors)


def find_renamed_file(
    checkpoint: Checkpoint, missing: str, tensors: tuple[str, ...]
) -> Finding | None:
    """Gives the finding of a data file that is there under another name."""
    with importing:
        from fastckpt.files.shell import quote
        from fastckpt.reading.kin import find_renamed

    shard = split_shard(os.path.basename(missing))
    if shard is None:
        return None
    own = [path for path in CheckpointFiles(checkpoint).paths if os.path.isfile(path)]
    found = find_renamed(
        name_index(checkpoint), shard.shard, missing, own, checkpoint._count(None)
    )
    if found is None:
        return None
    message = (
        f"{missing}: this file is missing, and lies here as {found!r}: all of its "
        f"{count(len(tensors))} are sound in it"
    )
    command = f"cp -n -- {quote(found)} {quote(missing)}"
    advice = f"this gives it its name, and keeps the other: {command}"
    return Finding(Cause.RENAMED_FILE, message, advice, found, None, tensors)
