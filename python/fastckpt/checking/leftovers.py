"""What saves that did not finish have left, and what of it is a complete checkpoint.

TensorFlow writes ``NAME.tempstateN`` and gives it its name when all is in it; a save
in shards goes to ``PREFIX_temp/part-IIIII-of-NNNNN``, whose data files are then moved
and whose indexes are merged. This library writes ``NAME.fastckpt-T.tmp`` and sets the
old files aside as ``NAME.fastckpt-T.old``. Names prove nothing: each set is opened by
way of links in a folder of its own, and verified.

Source: tensorflow/core/util/tensor_bundle/tensor_bundle.cc (BundleWriter,
MergeBundles), tensorflow/core/util/tensor_slice_writer.cc.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from tempfile import TemporaryDirectory

from fastckpt.errors import CheckpointError
from fastckpt.files.find import Resolved, is_format, list_folder
from fastckpt.files.shard_names import ShardName, split_shard
from fastckpt.reading.checkpoint import Checkpoint, open_found
from fastckpt.reading.checkpoint import open as open_checkpoint

__all__ = ["Part", "UnfinishedSave", "find_unfinished", "list_unfinished"]

_LEFT = re.compile(
    r"(?P<name>.+)\.(?:tempstate[0-9]+|fastckpt-(?P<token>[0-9a-f]{8})\.(?P<end>\w+))",
    re.DOTALL,
)
_PARTS = re.compile(r"(.+)_temp(?:_[0-9a-f]{32})?", re.DOTALL)
_SUFFIX = re.compile(r"(.+?)(\.index|\.data-[0-9]{5,}-of-[0-9]{5,})", re.DOTALL)
_ONLY_DATA = ".data-00000-of-00001"

# Files that may be the one of a name, the likeliest first.
_Candidates = dict[str, list[str]]


@dataclass(frozen=True)
class Part:
    """One index, or V1 file, and the data files that fit it.

    Attributes:
        name: Its prefix, had the save gone on.
        index: The index, or the V1 file.
        data: The data files by the endings that their names are to have; where the
            index cannot be opened all that may be.
        tensors: How many tensors it has.
        sound: How many of them are there and have the right checksums.
        problem: What is wrong, None if all are sound.
    """

    name: str
    index: str
    data: dict[str, str]
    tensors: int = 0
    sound: int = 0
    problem: str | None = None


@dataclass(frozen=True)
class UnfinishedSave:
    """What is left of one save.

    Attributes:
        prefix: The checkpoint that it was to be, or was.
        kind: ".tempstate", "_temp", ".tmp" or ".old".
        files: The files that are left, or their folder.
        parts: What could be opened of it.
        count: How many parts there are to be.
    """

    prefix: str
    kind: str
    files: list[str]
    parts: list[Part]
    count: int = 1

    @property
    def is_complete(self) -> bool:
        """Whether every tensor of it is there and has the right checksum."""
        is_sound = all(part.problem is None for part in self.parts)
        return is_sound and len(self.parts) == self.count


def find_unfinished(
    folder: str, threads: int | None = None, only: Iterable[str] | None = None
) -> list[UnfinishedSave]:
    """Finds and verifies what saves that did not finish have left in a folder.

    Args:
        folder: Where to look.
        threads: How many threads verify; None: the CPUs of the process.
        only: The prefixes that are looked for; None: all there are.

    Raises:
        OSError: The folder cannot be listed.
    """
    wanted = None if only is None else set(map(os.path.abspath, only))
    names = list_folder(folder)
    found: list[UnfinishedSave] = []
    for (base, kind), left in _group(folder, names).items():
        prefix = os.path.join(folder, base)
        if wanted is not None and os.path.abspath(prefix) not in wanted:
            continue
        if kind == "_temp":
            for path in left:
                found += _look_into(prefix, path, threads)
        else:
            found += _find_files(prefix, kind, left, names, threads)
    return found


def list_unfinished(folder: str) -> set[str]:
    """Gives the prefixes of which saves that did not finish have left something."""
    groups = _group(folder, list_folder(folder))
    return {os.path.join(folder, base) for base, _ in groups}


def _group(folder: str, names: list[str]) -> dict[tuple[str, str], list[str]]:
    """Gives what is left by its checkpoint and the way it is named."""
    groups: dict[tuple[str, str], list[str]] = {}
    for name in names:
        path = os.path.join(folder, name)
        if match := _LEFT.fullmatch(name):
            kind = name[len(match["name"]) :] if match["token"] else ".tempstate"
            key = _split(match["name"])[0], kind
        elif (match := _PARTS.fullmatch(name)) and os.path.isdir(path):
            key = match[1], "_temp"
        else:
            continue
        groups.setdefault(key, []).append(path)
    return groups


def _find_files(
    prefix: str, kind: str, left: list[str], names: list[str], threads: int | None
) -> Iterator[UnfinishedSave]:
    """Gives the saves of which files are left: one for each index or V1 file."""
    folder, base = os.path.split(prefix)
    plain = [name for name in names if _LEFT.fullmatch(name) is None]
    candidates = _list_data(folder, base, [*map(os.path.basename, left), *plain])
    kind = os.path.splitext(kind)[1] or kind
    others = dict.fromkeys(left)
    for path in left:
        part = _open_one(prefix, path, candidates, threads)
        if part is not None:
            used = set(part.data.values())
            own = [path, *(each for each in left if each in used)]
            others = {each: None for each in others if each not in own}
            yield UnfinishedSave(part.name, kind, own, [part])
    if others:
        yield UnfinishedSave(prefix, kind, list(others), [])


def _split(name: str) -> tuple[str, str]:
    """Gives the prefix of a checkpoint's file, and what comes after it."""
    match = _SUFFIX.fullmatch(name)
    return (match[1], match[2]) if match else (name, "")


def _original(name: str) -> str:
    """The name that a file is to have."""
    match = _LEFT.fullmatch(name)
    return match["name"] if match else name


def _list_data(folder: str, base: str, names: list[str]) -> _Candidates:
    """Gives the data files for a prefix by their endings, in the order given."""
    candidates: _Candidates = {}
    for name in names:
        prefix, ending = _split(_original(name))
        path = os.path.join(folder, name)
        if prefix == base and ending.startswith(".data-") and os.path.isfile(path):
            candidates.setdefault(ending, []).append(path)
    return candidates


def _open_one(
    prefix: str, path: str, candidates: _Candidates, threads: int | None
) -> Part | None:
    """Verifies an index with the data files that fit, or a V1 file."""
    original = _original(os.path.basename(path))
    if not os.path.isfile(path):
        return None
    if original.endswith(".index"):
        return _prove(prefix, path, candidates, threads)
    if is_format(path, "v1"):
        name = os.path.join(os.path.dirname(path), original)
        with open_found(Resolved("v1", path, [path])) as opened:
            lost, problem, _ = _verify(opened)
            return Part(name, path, {}, len(opened), len(opened) - len(lost), problem)
    return None


def _look_into(
    prefix: str, folder: str, threads: int | None
) -> Iterator[UnfinishedSave]:
    """Verifies the parts of saves in shards; of several, each has another count."""
    names = list_folder(folder)
    bases = dict.fromkeys(_split(_original(name))[0] for name in names)
    saves: dict[int, list[ShardName]] = {}
    for base in bases:
        if shard := split_shard(base):
            saves.setdefault(shard.num_shards, []).append(shard)
    for count, shards in saves.items() or [(1, [])]:
        parts = _prove_parts(prefix, folder, names, shards, threads)
        yield UnfinishedSave(prefix, "_temp", [folder], parts, count)


def _prove_parts(
    prefix: str,
    folder: str,
    names: list[str],
    shards: Iterable[ShardName],
    threads: int | None,
) -> list[Part]:
    """Verifies parts, of a folder with these names, whose data may have moved on."""
    parts: list[Part] = []
    for shard in shards:
        candidates = _list_data(folder, shard.name, names)
        moved = f"{prefix}.data-{shard.shard:05d}-of-{shard.num_shards:05d}"
        if os.path.isfile(moved):
            candidates.setdefault(_ONLY_DATA, []).append(moved)
        name = os.path.join(folder, shard.name)
        indexes = [n for n in names if _original(n) == f"{shard.name}.index"]
        tried = [
            _prove(name, os.path.join(folder, index), candidates, threads)
            for index in indexes
        ]
        parts += sorted(tried, key=lambda part: part.problem is not None)[:1]
    return parts


def _prove(name: str, index: str, candidates: _Candidates, threads: int | None) -> Part:
    """Verifies an index with one candidate after the other for each data file."""
    chosen = {ending: paths[0] for ending, paths in candidates.items()}
    while True:
        part, bad = _try(name, index, chosen, threads)
        changed = False
        for ending in bad:
            later = candidates[ending][candidates[ending].index(chosen[ending]) + 1 :]
            if later:
                chosen[ending], changed = later[0], True
        if not changed:
            return part


def _try(
    name: str, index: str, data: dict[str, str], threads: int | None
) -> tuple[Part, list[str]]:
    """Verifies files under links that have the names they are to have."""
    with TemporaryDirectory(prefix="fastckpt-") as folder:
        link = os.path.join(folder, "c")
        for ending, path in {".index": index, **data}.items():
            os.symlink(os.path.abspath(path), link + ending)
        try:
            with open_checkpoint(link, io="read", threads=threads) as opened:
                lost, problem, bad = _verify(opened)
                used = {end: data[end] for end in _list_used(opened) if end in data}
                count = len(opened)
        except (CheckpointError, OSError) as error:
            text = str(error).replace(f"{link}.index", index).replace(link, name)
            # Which of them it counts on is not known.
            return Part(name, index, data, problem=text), []
    bad_endings = [_split(os.path.basename(path))[1] for path in bad]
    sound = count - len(lost)
    part = Part(
        name, index, used, count, sound, problem and problem.replace(link, name)
    )
    return part, [ending for ending in bad_endings if ending in data]


def _verify(opened: Checkpoint) -> tuple[set[str], str | None, list[str]]:
    """Gives the tensors that are lost, the first problem, and the files with some."""
    problems = opened.verify().problems
    bad = dict.fromkeys(it.path for it in problems if it.path is not None)
    lost = {it.tensor for it in problems if it.tensor is not None}
    return lost, problems[0].message if problems else None, list(bad)


def _list_used(opened: Checkpoint) -> list[str]:
    """Gives the endings of the data files that an index counts on."""
    infos = [info for info in opened.infos() if info.problem is None]
    used: dict[str, None] = {}
    shards = set()
    for info in infos:
        if info.dtype is not None and info.dtype != "O":
            for piece in opened.layout(info.name).pieces:
                used[_split(os.path.basename(piece.file))[1]] = None
        elif info.shard is not None:
            shards.add(info.shard)
    folder, base = os.path.split(opened.path)
    for name in list_folder(folder):
        parts = split_shard(name)
        if parts is None or parts.stem != f"{base}.data" or parts.shard not in shards:
            continue
        if not used or parts.num_shards == _count(next(iter(used))):
            used[_split(name)[1]] = None
    return list(used)


def _count(ending: str) -> int:
    parts = split_shard(ending)
    return parts.num_shards if parts else 0
