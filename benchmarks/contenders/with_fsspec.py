"""fsspec told beforehand where each tensor lies; it checks nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import fsspec
import numpy as np

from benchmarks.contenders.case import Case
from benchmarks.contenders.places import rows_of_file, some_of_file
from benchmarks.data import digest, row_numbers
from benchmarks.data.folder import Data
from benchmarks.data.models import MATRIX

__all__ = ["rows", "same_ranges", "some"]

_ITEM = 4


def _system() -> Any:
    """Gives a file system of its own, as a new process would have it."""
    return fsspec.filesystem("http", skip_instance_cache=True)


def _nbytes(shape: tuple[int, ...]) -> int:
    return int(np.prod(shape)) * _ITEM


def some(data: Data, url: str, names: list[str]) -> Case:
    """The index as a whole, and then one range for each tensor."""
    places = data.places("bert")
    begins = [places[name][0] for name in names]
    ends = [places[name][0] + _nbytes(places[name][1]) for name in names]
    file = f"{url}/{Path(data.file('bert')).name}"

    def run() -> dict[str, np.ndarray]:
        system = _system()
        system.cat_file(f"{url}/bert.index")
        found = system.cat_ranges([file] * len(names), begins, ends)
        return {
            name: np.frombuffer(content, np.float32).reshape(places[name][1])
            for name, content in zip(names, found, strict=True)
        }

    return Case(run, digest.of_arrays, some_of_file(data, names))


def same_ranges(data: Data, url: str, at_once: int) -> Case:
    """The ranges that fastckpt asked for, so many at a time."""
    asked = json.loads(Path(data.prefix("saved-ranges.json")).read_text())
    paths = [f"{url}/{name}" for name, _, _ in asked]
    begins = [begin for _, begin, _ in asked]
    ends = [begin + size for _, begin, size in asked]

    def run() -> list[bytes]:
        found: list[bytes] = _system().cat_ranges(
            paths, begins, ends, batch_size=at_once
        )
        return found

    def prove(found: list[bytes]) -> str:
        content = np.zeros(Path(data.file("bert")).stat().st_size, np.uint8)
        for path, begin, piece in zip(paths, begins, found, strict=True):
            if not path.endswith(".index"):
                content[begin : begin + len(piece)] = np.frombuffer(piece, np.uint8)
        return digest.of_arrays(
            {
                name: content[begin : begin + _nbytes(shape)]
                .view(np.float32)
                .reshape(shape)
                for name, (begin, shape) in data.places("bert").items()
            }
        )

    return Case(run, prove, data.entry("bert")["digest"])


def rows(data: Data, url: str, among: int) -> Case:
    """A range for each row, all at once."""
    offset, shape = data.places("table")[MATRIX]
    ids = row_numbers.remote(shape[0], among)
    size = shape[1] * _ITEM
    begins = [offset + int(row) * size for row in ids]
    paths = [f"{url}/{Path(data.file('table')).name}"] * len(ids)
    system = _system()

    def run() -> dict[str, np.ndarray]:
        ends = [begin + size for begin in begins]
        found = system.cat_ranges(paths, begins, ends, batch_size=128)
        return {MATRIX: np.stack([np.frombuffer(it, np.float32) for it in found])}

    return Case(run, digest.of_arrays, rows_of_file(data, ids))
