"""The V1 files that fit a pattern, which TensorFlow opens as one checkpoint.

Source: tensorflow/core/util/tensor_slice_reader.cc (GetMatchingPaths).
"""

from __future__ import annotations

import os
import re
from itertools import islice

from fastckpt import _native
from fastckpt.errors import CorruptionError
from fastckpt.files.find import Resolved, is_file
from fastckpt.files.patterns import fits, is_pattern, matching_paths
from fastckpt.files.shard_names import (
    ShardName,
    group_shards,
    missing_shard,
    split_shard,
    v1_pattern,
)

__all__ = ["find_fitting", "is_leftover"]

# What saves leave that did not end, ours and TensorFlow's. Of V1 such a file would
# open under its own name and count as one more checkpoint.
_LEFTOVER = re.compile(r"\.fastckpt-[0-9a-f]{8}\.[a-z]+$|\.tempstate[0-9]+$")
# What lies beside V1 files: graphs, state files, V2 checkpoints.
_OTHERS = re.compile(r".*\.(?:meta|index|data-[0-9]{5,}-of-[0-9]{5,})|checkpoint")
# How many missing shards of a set are looked for among the names that fit.
_MAX_MISSING = 10_000


def is_leftover(path: str) -> bool:
    """Tells whether a save that did not end has left a file, by its name."""
    return _LEFTOVER.search(path) is not None


def find_fitting(pattern: str) -> Resolved | None:
    """Finds the V1 files that fit a pattern; None where none does.

    What is no V1 file by its name does not count: graphs, state files, parts of V2
    checkpoints, what unfinished saves left.

    Args:
        pattern: As TensorFlow matches it; folders may be patterns, too.

    Returns:
        The files in order of their names. Where they are just the shards of one set,
        that is what is found.

    Raises:
        CorruptionError: A file that fits is no V1 file.
        FileNotFoundError: A shard that would fit is not there.
        OSError: One cannot be read.
    """
    if not is_pattern(pattern):
        return None
    files = [path for path in _matching(pattern) if _may_count(path) and is_file(path)]
    for path in files:
        _check_v1(path, pattern)
    if not files:
        return None
    return _one_set(files, pattern) or Resolved("v1", pattern, files)


def _matching(pattern: str) -> list[str]:
    has_folder = "/" in pattern
    paths = matching_paths(pattern, literal_folders=True)
    return paths if has_folder else [path.removeprefix("./") for path in paths]


def _may_count(path: str) -> bool:
    base = os.path.basename(path)
    return not (is_leftover(base) or _OTHERS.fullmatch(base))


def _check_v1(path: str, pattern: str) -> None:
    try:
        if _native.probe(os.fsencode(path)) == "v1":
            return
        reason = f"{path!r} is a V2 index"
    except CorruptionError as error:
        reason = str(error)
    raise CorruptionError(
        f"{reason}; it fits {pattern!r}, which stands for V1 files that are one "
        "checkpoint: give a pattern that it does not fit",
        path=path,
    )


def _one_set(files: list[str], pattern: str) -> Resolved | None:
    """Gives the set of which these are all shards; checks that no set lacks one."""
    folders = sorted({os.path.dirname(path) for path in files})
    sets = [
        (folder, key, shards)
        for folder in folders
        for key, shards in group_shards(folder, _shards_in(folder, files)).items()
    ]
    for _, (stem, count), shards in sets:
        missing = (n for n in range(count) if n not in shards)
        for number in islice(missing, _MAX_MISSING):
            if fits(f"{stem}-{number:05d}-of-{count:05d}", pattern):
                raise missing_shard((stem, count), shards)
    if len(sets) != 1:
        return None
    ((folder, key, shards),) = sets
    if not len(shards) == key[1] == len(files):
        return None
    name = os.path.join(folder, v1_pattern(*key))
    return Resolved("v1", name, [path for _, path in sorted(shards.items())])


def _shards_in(folder: str, files: list[str]) -> list[ShardName]:
    names = [os.path.basename(it) for it in files if os.path.dirname(it) == folder]
    return [parts for name in names if (parts := split_shard(name))]
