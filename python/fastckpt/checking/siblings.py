"""A checkpoint whose index is lost: another one whose index may be taken for it."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import NamedTuple

import numpy as np

from fastckpt.checking.surroundings import list_prefixes
from fastckpt.errors import CheckpointError, CorruptionError
from fastckpt.files.find import Resolved, find_whole, is_format, list_folder
from fastckpt.reading.checkpoint import Checkpoint, open_found
from fastckpt.reading.stored_pieces import list_pieces, size_of

__all__ = ["Sibling", "choose_sibling", "find_sibling"]

_LOST = (
    "its index is lost, or of no use, and without one it cannot be told what is in its "
    "data files"
)


class Sibling(NamedTuple):
    """A checkpoint whose index is taken for another's data files.

    Attributes:
        prefix: Its prefix.
        path: Its index.
        is_proved: Whether every checksum of it agrees with these data files.
    """

    prefix: str
    path: str
    is_proved: bool


def choose_sibling(prefix: str, found: Resolved, trusted: Sibling | None) -> Sibling:
    """Chooses the sibling; the index of one that is proved is linked into its place.

    Args:
        prefix: The checkpoint whose index is lost.
        found: Links to its data files, beside which the index is to lie.
        trusted: The sibling that the caller trusts.

    Raises:
        CorruptionError: There is none, or several that differ.
    """
    siblings = [] if trusted is None else [trusted]
    for other in list_prefixes(os.path.dirname(prefix)):
        if os.path.abspath(other) == os.path.abspath(prefix):
            continue
        with suppress(CheckpointError, OSError):
            siblings.append(find_sibling(other))
    proved: list[Sibling] = []
    seen: list[object] = []
    for sibling in siblings:
        facts = _prove(sibling, found)
        if facts is not None and facts not in seen:
            proved.append(sibling._replace(is_proved=True))
            seen.append(facts)
    if trusted is not None and proved and proved[0].path == trusted.path:
        del proved[1:]
    if len(proved) > 1:
        names = " and ".join(repr(it.prefix) for it in proved)
        raise CorruptionError(
            f"{prefix}: {_LOST}; the indexes of {names} fit them, and differ",
            path=f"{prefix}.index",
        )
    if proved:
        os.symlink(os.path.abspath(proved[0].path), found.files[0])
        return proved[0]
    if trusted is not None:
        return trusted
    raise CorruptionError(
        f"{prefix}: {_LOST}; no index here has checksums that agree with them; "
        "trust_sibling= (--trust-sibling) names another save of the same tensors, "
        "whose names are then taken unchecked",
        path=f"{prefix}.index",
    )


def find_sibling(prefix: str) -> Sibling:
    """Finds the index of a checkpoint that may be a sibling.

    Raises:
        FileNotFoundError: There is none.
        CorruptionError: What has the name is no checkpoint.
    """
    found = find_whole(prefix.removesuffix(".index"))
    if found is None or found.format != "v2":
        raise FileNotFoundError(2, "no checkpoint with a V2 index is there", prefix)
    if not is_format(found.files[0], "v2"):
        reason = "this index is damaged, and can stand for no other"
        raise CorruptionError(f"{found.files[0]}: {reason}", path=found.files[0])
    return Sibling(found.prefix, found.files[0], is_proved=False)


def _prove(sibling: Sibling, found: Resolved) -> object | None:
    """Gives what an index says if all of it agrees with the data, else None."""
    index = found.files[0]
    os.symlink(os.path.abspath(sibling.path), index)
    try:
        with open_found(found) as checkpoint:
            if len(_list_data(found)) != checkpoint._reader.shard_count():
                return None
            if not _covers(checkpoint, found) or not _agrees(checkpoint):
                return None
            return [repr(info) for info in checkpoint.infos()]
    except (CheckpointError, OSError):
        return None
    finally:
        os.unlink(index)


def _list_data(found: Resolved) -> list[str]:
    folder, base = os.path.split(found.prefix)
    names = list_folder(folder)
    return [os.path.join(folder, it) for it in names if it.startswith(f"{base}.data-")]


def _covers(checkpoint: Checkpoint, found: Resolved) -> bool:
    """Tells whether each data file ends where the index says, or it has more in it."""
    pieces = list_pieces(checkpoint)
    paths = map(os.path.abspath, _list_data(found))
    return all(
        size_of(path) == (pieces[path].end if path in pieces else 0) for path in paths
    )


def _agrees(checkpoint: Checkpoint) -> bool:
    """Tells whether every checksum agrees, and says something.

    The small tensors come first: they tell at once what does not agree. Bytes that are
    all alike are in many a checkpoint, so they do not tell whose they are.
    """
    infos = [info for info in checkpoint.infos() if info.problem is None]
    if not infos:
        return False
    says_something = False
    for info in sorted(infos, key=lambda info: info.nbytes or 0):
        value = checkpoint[info.name]
        says_something = says_something or _varies(value)
        del value
    return says_something and checkpoint.verify().ok


def _varies(value: np.ndarray) -> bool:
    if value.dtype == object:
        return any(len(each) > 8 for each in value.flat)
    if value.size < 2:
        return False
    # NaN is not even like itself.
    rows = np.ascontiguousarray(value).reshape(value.size, 1).view(np.uint8)
    return bool((rows != rows[0]).any())
