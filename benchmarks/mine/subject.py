"""Somebody's own checkpoint: opened, checked, and told to those who are measured on it.

Nothing is ever written where it lies.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import fastckpt
from benchmarks.data import digest
from benchmarks.data.facts import in_bytes
from benchmarks.data.folder import VERSION, Data
from benchmarks.machine.residency import resident_bytes
from benchmarks.machine.room import available_memory
from benchmarks.reports.files import Refusal, words_of

__all__ = ["Subject", "examine", "prepare", "refuse_folder"]

_NO_ARRAY = "strings, or of a type without an array"


class Subject(NamedTuple):
    """What is known of the checkpoint before anything is measured.

    Attributes:
        entry: What the contenders are told; see `prepare`.
        nbytes: Of the tensors that are measured.
        left: {why: how many tensors are measured by nobody}.
        unaligned: How many tensors lie where NumPy's loops do not like it.
        shards: How many data files there are; 0 where it is one V1 file.
        explanation: How fastckpt reads it here, and why.
    """

    entry: dict[str, Any]
    nbytes: int
    left: dict[str, int]
    unaligned: int
    shards: int
    explanation: fastckpt.Explanation


def _open(path: str) -> fastckpt.Checkpoint:
    if "://" in path and not path.startswith("file://"):
        raise Refusal(f"{path}: a URL; what is measured is a file on a disk")
    try:
        return fastckpt.open(path)
    except OSError as error:
        raise Refusal(words_of(error) if error.strerror else str(error)) from error
    except fastckpt.CheckpointError as error:
        raise Refusal(str(error), 1) from error


def _refuse_damage(checkpoint: fastckpt.Checkpoint) -> None:
    report = checkpoint.verify()
    if report.ok:
        return
    more = len(report.problems) - 1
    rest = f" (and {more} more; fastckpt doctor tells them)" if more else ""
    raise Refusal(f"{report.problems[0].message}{rest}; nothing was measured", 1)


def _refuse_what_does_not_fit(
    checkpoint: fastckpt.Checkpoint, names: list[str]
) -> None:
    needed = sum(checkpoint.info(name).nbytes or 0 for name in names) * 11 // 10
    if needed > (free := available_memory()):
        raise Refusal(
            f"copies of all tensors need {in_bytes(needed)} of memory, and "
            f"{in_bytes(free)} are available; nothing was measured"
        )


def _why_not(info: fastckpt.TensorInfo) -> str:
    """Gives why a tensor is measured by nobody; "" for one that is."""
    if info.problem is not None:
        return "unsupported"
    if info.dtype is None or info.dtype == object:
        return _NO_ARRAY
    return "quantized" if info.tf_dtype.startswith("q") else ""


def _place(checkpoint: fastckpt.Checkpoint, name: str) -> tuple[str, int]:
    """Gives where a tensor's bytes lie, if they lie in one piece, as an array's do."""
    try:
        pieces = checkpoint.layout(name).pieces
    except fastckpt.UnsupportedError:
        return "", -1
    is_view = checkpoint.info(name).is_view
    return (
        (pieces[0].file, pieces[0].offset) if is_view and len(pieces) == 1 else ("", -1)
    )


def _wanted(checkpoint: fastckpt.Checkpoint, names: list[str]) -> Iterator[list[Any]]:
    for name in names:
        info, (file, offset) = checkpoint.info(name), _place(checkpoint, name)
        assert info.dtype is not None
        yield [name, info.dtype.name, list(info.shape), file, offset]


def _is_cached(checkpoint: fastckpt.Checkpoint) -> bool:
    """Whether the page cache held all data before anybody looked."""
    files = set()
    for name in checkpoint:
        with suppress(fastckpt.CheckpointError):
            files |= {piece.file for piece in checkpoint.layout(name).pieces}
    try:
        return bool(files) and all(
            resident_bytes(file) >= os.path.getsize(file) for file in files
        )
    except OSError:
        return False


def examine(path: str) -> Subject:
    """Looks at a checkpoint, and checks every byte of it.

    Raises:
        Refusal: It cannot be measured: it is not there, damaged, or something else.
    """
    with _open(path) as checkpoint:
        was_cached = _is_cached(checkpoint)
        _refuse_damage(checkpoint)
        left: dict[str, int] = {}
        names = []
        for info in checkpoint.infos():
            if why := _why_not(info):
                left[why] = left.get(why, 0) + 1
            else:
                names.append(info.name)
        if not names:
            raise Refusal(f"{path}: it holds no tensor that has an array")
        _refuse_what_does_not_fit(checkpoint, names)
        arrays = checkpoint.load(dict(zip(names, names, strict=True)))
        explanation = checkpoint.explain()
        files = [os.path.realpath(file.path) for file in explanation.files]
        is_v2 = checkpoint.format == "v2"
        index = [os.path.realpath(f"{explanation.path}.index")] if is_v2 else []
        entry = {
            "path": os.path.abspath(explanation.path),
            "given": os.path.realpath(path),
            "names": names,
            "digest": digest.of_arrays(arrays),
            "listing": digest.of_listing(
                (info.name, info.tf_dtype, info.shape) for info in checkpoint.infos()
            ),
            "wanted": list(_wanted(checkpoint, names)),
            "files": files,
            "cold": [*files, *index],
            "was cached": was_cached,
            "stored": sum(os.path.getsize(file) for file in files),
        }
        return Subject(
            entry,
            sum(array.nbytes for array in arrays.values()),
            left,
            sum(not array.flags.aligned for array in arrays.values()),
            len(files) if checkpoint.format == "v2" else 0,
            explanation,
        )


def refuse_folder(folder: Path, subject: Subject, option: str) -> None:
    """Makes sure that nothing is written where the checkpoint lies.

    Raises:
        Refusal: The folder is that one, or lies in it.
    """
    wanted = folder.resolve()
    places = [Path(file).parent for file in subject.entry["files"]]
    places.append(Path(subject.entry["path"]).resolve().parent)
    places.append(Path(os.path.dirname(subject.entry["path"])).resolve())
    given = Path(subject.entry["given"])
    places += [given] if given.is_dir() else []
    for place in places:
        if wanted == place or place in wanted.parents:
            raise Refusal(
                f"{folder}: the checkpoint's own folder, or in it; nothing is written "
                f"there: give {option} another one"
            )


def prepare(folder: Path, subject: Subject) -> Data:
    """Writes down in a folder what the contenders are told."""
    manifest = {"version": VERSION, "nbytes": subject.nbytes, "mine": subject.entry}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return Data(folder)
