"""Which files make a checkpoint: their names, and which of them are there.

Names are literal; no sign in them is a pattern, but for the one by which TensorFlow
names a set of V1 shards (others: see `fitting`).

Source: tensorflow/core/util/tensor_bundle/naming.cc; saver.py for the patterns.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from time import sleep
from typing import TYPE_CHECKING, NamedTuple

from fastckpt import _native
from fastckpt.base.deferred import importing
from fastckpt.errors import CorruptionError
from fastckpt.files.shard_names import (
    ShardSets,
    group_shards,
    missing_shard,
    shards_of_pattern,
    split_shard,
    v1_pattern,
    v1_shards,
)
from fastckpt.files.urls import PathName

if TYPE_CHECKING:
    from fastckpt.files.fetcher import Fetcher

__all__ = [
    "PAUSES",
    "PathName",
    "Resolved",
    "data_files",
    "exists",
    "find",
    "find_listed",
    "find_v1_shards",
    "find_whole",
    "is_file",
    "is_format",
    "kind_of",
    "list_folder",
    "looks",
    "moved_away",
    "v1_files",
]


#: Seconds after each look for what may vanish meanwhile: once, and three times again.
#: A save moves its files within a few milliseconds.
PAUSES = (0.001, 0.004, 0.016, 0.064)


class Resolved(NamedTuple):
    """A checkpoint that is there.

    Attributes:
        format: "v2" or "v1".
        prefix: The checkpoint's name as TensorFlow takes it, for V1 shards the
            pattern ``X-?????-of-00004``.
        files: V2: the index. V1: the file, or all shards in order. Index or file are
            named as they lie where a save that was killed set them aside.
    """

    format: str
    prefix: str
    files: list[str]

    @property
    def remote(self) -> Fetcher | None:
        """What fetches them, where they lie elsewhere; their names are URLs then."""
        return None


def kind_of(path: str) -> str | None:
    """Gives "file", "folder", or None where nothing is.

    Raises:
        OSError: The path cannot be looked at, or is neither file nor folder.
    """
    try:
        mode = os.stat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    if stat.S_ISREG(mode):
        return "file"
    if stat.S_ISDIR(mode):
        return "folder"
    raise OSError(errno.EINVAL, "not a regular file", path)


def is_file(path: str) -> bool:
    """Tells whether a regular file is there; links are followed."""
    try:
        return stat.S_ISREG(os.stat(path).st_mode)
    except OSError:
        return False


def list_folder(folder: str) -> list[str]:
    """Gives the names in a folder, sorted; none where there is no such folder."""
    try:
        return sorted(os.listdir(folder or "."))
    except (FileNotFoundError, NotADirectoryError):
        return []


def exists(prefix: str) -> bool:
    """Tells whether anything of a checkpoint's name is there, as TensorFlow does."""
    try:
        for _ in looks(prefix):
            if is_file(prefix + ".index") or os.path.exists(prefix):
                return True
            if find_listed(prefix):
                return True
        return bool(_shard_sets(prefix)) or _has_fitting(prefix)
    except OSError as error:
        return error.errno == errno.EBUSY  # what saves move is there


def _has_fitting(pattern: str) -> bool:
    with importing:
        from fastckpt.files.patterns import matching_paths

    return any(is_format(path, "v1") for path in matching_paths(pattern, True))


def looks(prefix: str) -> Iterator[None]:
    """Gives a turn for each look at a prefix that is worth taking.

    A listing is no picture of one moment: what a save moves meanwhile may be missing
    under either name. So one looks again where names, or what bears them, have changed.

    Raises:
        OSError: They changed each time.
    """
    before: list[tuple[object, ...]] = []
    for pause in PAUSES:
        yield
        now = _files_like(prefix)
        if now == before:
            return
        before = now
        sleep(pause)
    raise moved_away(prefix)


def moved_away(name: str) -> OSError:
    """Makes the error for what saves moved whenever it was looked for."""
    reason = (
        f"saves under this prefix moved it each of the {len(PAUSES)} times it was "
        "looked for; try again"
    )
    return OSError(errno.EBUSY, reason, name)


def _files_like(prefix: str) -> list[tuple[object, ...]]:
    """Gives names and identities: save after save gives the same names to others."""
    folder, base = os.path.split(prefix)
    names = [
        it for it in list_folder(folder) if it == base or it.startswith(base + ".")
    ]
    return [(name, *_identity(os.path.join(folder, name))) for name in names]


def _identity(path: str) -> tuple[int, ...]:
    try:
        status = os.lstat(path)
    except OSError:
        return ()
    return status.st_ino, status.st_size, status.st_mtime_ns


def find_listed(prefix: str) -> Resolved | None:
    """Finds what counts under a name by a listing of its folder: see `find`.

    That is what lies aside, or an index or V1 file that came there meanwhile.
    """
    path, is_v1 = _native.find_listed(os.fsencode(prefix))
    if path is None or (is_v1 and not is_format(os.fsdecode(path), "v1")):
        return None
    return Resolved("v1" if is_v1 else "v2", prefix, [os.fsdecode(path)])


def data_files(prefix: str) -> list[str]:
    """Gives the data files there are for a V2 prefix, of any number of shards."""
    folder, base = os.path.split(prefix)
    return [
        os.path.join(folder, name)
        for name in list_folder(folder)
        if (parts := split_shard(name)) and parts.stem == f"{base}.data"
    ]


def v1_files(name: str) -> list[str]:
    """Gives the V1 files of exactly this name: the file, or a pattern's shards."""
    if is_file(name):
        return [name]
    folder, base = os.path.split(name)
    shards = shards_of_pattern(v1_shards(list_folder(folder)), base)
    return [os.path.join(folder, parts.name) for parts in shards]


def find(prefix: str) -> Resolved | None:
    """Finds the checkpoint of a name: V2, a V1 file, V1 shards; None where none is.

    Where no index and no V1 file has the name, what a save set aside counts.

    Raises:
        CorruptionError: A file has this name and is no checkpoint.
        FileNotFoundError: V1 shards are there, but not all of them.
        OSError: What has this name cannot be read.
    """
    for _ in looks(prefix):
        if _has_index(prefix):
            return Resolved("v2", prefix, [prefix + ".index"])
        if kind_of(prefix) == "file" and is_format(prefix, "v1"):
            return Resolved("v1", prefix, [prefix])
        if aside := find_listed(prefix):
            return aside
    if kind_of(prefix) == "file":
        _probe(prefix)  # raises where it is no table, or cannot be read
        raise CorruptionError(
            f"{prefix!r} is a V2 index, but is not named PREFIX.index; copy it to a "
            "free name NEW.index and its data files to NEW.data-*, or see what "
            "'fastckpt doctor' says of the folder",
            path=prefix,
        )
    return find_v1_shards(prefix)


def find_whole(prefix: str) -> Resolved | None:
    """Finds what ``find`` does, but the whole set where that is one shard of several.

    Raises:
        FileNotFoundError: Not all shards are there.
    """
    found = find(prefix)
    if found is None or found.format != "v1" or len(found.files) > 1:
        return found
    folder, base = os.path.split(found.files[0])
    parts = split_shard(base)
    if parts is None or parts.num_shards == 1:
        return found
    pattern = v1_pattern(parts.stem, parts.num_shards)
    return find_v1_shards(os.path.join(folder, pattern))


def _has_index(prefix: str) -> bool:
    try:
        return kind_of(prefix + ".index") == "file"
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:  # the name alone may still fit
            return False
        raise


def _probe(path: str) -> str:
    return _native.probe(os.fsencode(path))


def is_format(path: str, format: str) -> bool:
    """Tells whether a file is a V1 checkpoint ("v1") or a V2 index ("v2")."""
    try:
        return _probe(path) == format
    except (CorruptionError, OSError):
        return False


def _shard_sets(prefix: str) -> ShardSets:
    """The sets of V1 shards that a prefix or a pattern names."""
    folder, base = os.path.split(prefix)
    shards = v1_shards(list_folder(folder))
    named = [parts for parts in shards if parts.stem == base]
    return group_shards(folder, named or shards_of_pattern(shards, base))


def find_v1_shards(prefix: str) -> Resolved | None:
    """Finds the one whole set of V1 shards that a prefix or a pattern names.

    Raises:
        FileNotFoundError: No set is whole, or several are.
    """
    sets = _shard_sets(prefix)
    whole = [key for key, shards in sets.items() if len(shards) == key[1]]
    if not sets:
        return None
    if not whole:
        raise missing_shard(*next(iter(sets.items())))
    if len(whole) > 1:
        named = ", ".join(repr(v1_pattern(*key)) for key in whole)
        raise FileNotFoundError(
            errno.ENOENT, f"several sets of V1 shards: {named}; name one", prefix
        )
    files = [path for _, path in sorted(sets[whole[0]].items())]
    name = os.path.join(os.path.dirname(prefix), v1_pattern(*whole[0]))
    return Resolved("v1", name, files)
