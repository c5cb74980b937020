"""The names of shards, and which sets of V1 shards a listing holds.

Source: tensorflow/core/util/tensor_bundle/naming.cc; saver.py for the patterns.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple

__all__ = [
    "ShardName",
    "ShardSets",
    "group_shards",
    "missing_shard",
    "shards_of_pattern",
    "split_shard",
    "v1_pattern",
    "v1_shards",
    "v1_stem",
]


class ShardName(NamedTuple):
    """The parts of a name ``stem-SSSSS-of-NNNNN``."""

    stem: str
    shard: int
    num_shards: int

    @property
    def name(self) -> str:
        """The whole name; TensorFlow prints at least five digits."""
        return f"{self.stem}-{self.shard:05d}-of-{self.num_shards:05d}"


# Compiled when first used, for the sake of `import fastckpt`.
_SHARD = r"(?s:(.*)-([0-9]{5,})-of-([0-9]{5,}))"
# How TensorFlow names a set of V1 shards.
_PATTERN = r"(?s:(.*)-\?{5,}-of-([0-9]{5,}))"
# How many missing shards a message names.
_MAX_LISTED = 5


def split_shard(name: str) -> ShardName | None:
    """Gives the parts of a shard's name, None where the name is no such name."""
    match = re.fullmatch(_SHARD, name)
    if match is None:
        return None
    parts = ShardName(match[1], int(match[2]), int(match[3]))
    return parts if name == parts.name and parts.shard < parts.num_shards else None


#: Paths by shard, by stem and number of shards.
ShardSets = dict[tuple[str, int], dict[int, str]]


def group_shards(folder: str, shards: Iterable[ShardName]) -> ShardSets:
    sets: ShardSets = {}
    for parts in shards:
        path = os.path.join(folder, parts.name)
        sets.setdefault((parts.stem, parts.num_shards), {})[parts.shard] = path
    return sets


def v1_shards(names: Iterable[str]) -> list[ShardName]:
    """Gives those of some names that a V1 shard can have, and no V2 data file."""
    parsed = (split_shard(name) for name in names)
    return [parts for parts in parsed if parts and not parts.stem.endswith(".data")]


def shards_of_pattern(shards: Iterable[ShardName], base: str) -> list[ShardName]:
    """The shards that TensorFlow names by this pattern; its stem is literal."""
    pattern = re.fullmatch(_PATTERN, base)
    if pattern is None:
        return []
    key = pattern[1], int(pattern[2])
    return [parts for parts in shards if (parts.stem, parts.num_shards) == key]


def v1_pattern(stem: str, count: int) -> str:
    """Gives the pattern by which TensorFlow names a set of V1 shards."""
    return f"{stem}-?????-of-{count:05d}"


def v1_stem(name: str) -> str:
    """Gives the name that a pattern's shards have in common; others as they are."""
    match = re.fullmatch(_PATTERN, name)
    return match[1] if match else name


def missing_shard(key: tuple[str, int], shards: dict[int, str]) -> FileNotFoundError:
    stem, count = key
    folder = os.path.dirname(next(iter(shards.values())))
    numbers = (shard for shard in range(count) if shard not in shards)
    first, *others = islice(numbers, _MAX_LISTED)
    listed = ", ".join(repr(ShardName(stem, n, count).name) for n in others)
    more = count - len(shards) - 1 - len(others)
    also = (f", and so is {listed}" if listed else "") + (
        f" and {more} more" * (more > 0)
    )
    return FileNotFoundError(
        errno.ENOENT,
        f"{len(shards)} of {count} V1 shards are there; this one is missing{also}; "
        "copy what is missing here too",
        os.path.join(folder, ShardName(stem, first, count).name),
    )
