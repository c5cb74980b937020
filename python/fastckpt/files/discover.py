"""Which checkpoints lie in a folder, where no state file tells."""

from __future__ import annotations

import os
import re

from fastckpt import _native
from fastckpt.errors import CorruptionError
from fastckpt.files.find import find, find_listed, is_file, is_format, list_folder
from fastckpt.files.foreign import looks_like_table
from fastckpt.files.shard_names import split_shard, v1_pattern, v1_shards

__all__ = [
    "checkpoints_in",
    "damaged_in",
    "indexes_in",
    "names_in",
    "newest_complete",
    "newest_complete_first",
    "orphans_in",
]

# What lies in checkpoint folders and is no V1 checkpoint, however it looks inside.
_NO_V1 = re.compile(
    r"checkpoint(?:\.before(?:-[0-9]+)?)?|.*\.tfevents\..*|.*\.(?:index|meta|pb|pbtxt|txt|json)"
    r"|.*\.(?:tempstate[0-9]+|data-[0-9]+-of-[0-9]+|fastckpt-[0-9a-f]{8}\.\w+)",
    re.DOTALL,
)

_BEGIN_BYTES = 512
_PRINTABLE = bytes(range(0x20, 0x7F)) + b"\t\n\r"


def names_in(folder: str) -> list[str]:
    """Gives the checkpoints that the names in a folder tell of, looking at no file."""
    names = list_folder(folder)
    found = {name[: -len(".index")] for name in names if name.endswith(".index")}
    found.update(_aside_bases(names))
    found.update(v1_pattern(shard.stem, shard.num_shards) for shard in v1_shards(names))
    return sorted(found - {""})


def checkpoints_in(folder: str) -> list[str]:
    """Gives the prefixes of the checkpoints in a folder, complete or not."""
    names = list_folder(folder)
    found = _v2_bases(folder, names)
    prefixes = ((base, os.path.join(folder, base)) for base in _aside_bases(names))
    found.update(base for base, prefix in prefixes if find_listed(prefix))
    found.update(_v1_bases(folder, names))
    return [os.path.join(folder, base) for base in sorted(found)]


def damaged_in(folder: str) -> list[str]:
    """Gives the files that look like V1 checkpoints, but damaged ones."""
    names = [name for name in list_folder(folder) if not _NO_V1.fullmatch(name)]
    paths = [os.path.join(folder, name) for name in names]
    return [
        path
        for path in paths
        if looks_like_table(path)
        and not (is_format(path, "v1") or is_format(path, "v2"))
    ]


def indexes_in(folder: str) -> list[str]:
    """Gives the prefixes of all that may be an index, sound or not, data or none.

    No index is a text, however it is damaged; other programs write such.
    """
    names = [name for name in list_folder(folder) if name.endswith(".index")]
    bases = [name.removesuffix(".index") for name in names]
    paths = [os.path.join(folder, base) for base in bases if base]
    return [path for path in paths if not _is_text(f"{path}.index")]


def _is_text(path: str) -> bool:
    """Tells whether a file begins like a text, or is no file at all."""
    if not is_file(path):
        return True
    try:
        with open(path, "rb") as file:
            begin = file.read(_BEGIN_BYTES)
    except OSError:
        return False
    return bool(begin) and not begin.translate(None, _PRINTABLE)


def orphans_in(folder: str) -> dict[str, str]:
    """Gives a data file of each prefix in a folder whose index is gone."""
    names = list_folder(folder)
    there = {*_v2_bases(folder, names), *_aside_bases(names)}
    found: dict[str, str] = {}
    for name in names:
        if (parts := split_shard(name)) and parts.stem.endswith(".data"):
            base = parts.stem.removesuffix(".data")
            if base not in there:
                found[os.path.join(folder, base)] = os.path.join(folder, name)
    return found


def _aside_bases(names: list[str]) -> set[str]:
    """The checkpoints whose index, or V1 file, some save set aside."""
    marked = (name for name in names if name.endswith(".old"))
    bases = (_native.base_of_aside(os.fsencode(name)) for name in marked)
    return {os.fsdecode(base) for base in bases if base is not None}


def _v2_bases(folder: str, names: list[str]) -> set[str]:
    """An index counts when data files lie beside it, or when it is one inside."""
    stems = {parts.stem for name in names if (parts := split_shard(name))}
    bases = (name[: -len(".index")] for name in names if name.endswith(".index"))
    return {
        base
        for base in bases
        if base
        and is_file(index := os.path.join(folder, f"{base}.index"))
        and (f"{base}.data" in stems or is_format(index, "v2"))
    }


def _v1_bases(folder: str, names: list[str]) -> set[str]:
    """Names each file, and each set of shards by its pattern, that is V1 inside."""
    shards = v1_shards(names)
    in_sets = {parts.name for parts in shards}
    alone = [name for name in names if name not in in_sets]
    samples = {name: name for name in alone if not _NO_V1.fullmatch(name)}
    samples.update((v1_pattern(it.stem, it.num_shards), it.name) for it in shards)
    return {
        base
        for base, sample in samples.items()
        if is_format(os.path.join(folder, sample), "v1")
    }


def newest_complete(folder: str) -> str | None:
    """Gives the prefix of the newest checkpoint in a folder that lacks no file."""
    return next(iter(newest_complete_first(folder)), None)


def newest_complete_first(folder: str) -> list[str]:
    """Gives the prefixes of all checkpoints in a folder that lack no file."""
    try:
        prefixes = checkpoints_in(folder)
    except OSError:
        return []
    dated = [(_time_if_complete(prefix), prefix) for prefix in prefixes]
    return [prefix for time, prefix in sorted(dated, reverse=True) if time]


def _time_if_complete(prefix: str) -> int:
    """When a checkpoint was written, in nanoseconds; 0 if a file is lacking."""
    try:
        found = find(prefix)
        if found and (found.format == "v1" or _has_all_data(prefix, found.files[0])):
            return os.stat(found.files[0]).st_mtime_ns
    except (CorruptionError, OSError):
        pass
    return 0


def _has_all_data(prefix: str, index: str) -> bool:
    mark = index[len(f"{prefix}.index") :]  # of an index that was set aside
    folder, base = os.path.split(prefix)
    names = (name.removesuffix(mark) for name in list_folder(folder))
    shards = {parts for name in names if (parts := split_shard(name))}
    counts = [it.num_shards for it in shards if it.stem == f"{base}.data"]
    is_whole = any(counts.count(count) == count for count in set(counts))
    return is_whole and is_format(index, "v2")
