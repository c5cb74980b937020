"""NumPy alone, told where each tensor lies; it checks nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.contenders.case import Case
from benchmarks.data import digest, row_numbers
from benchmarks.data.folder import Data
from benchmarks.data.models import MATRIX


def memmap_slices(data: Data, name: str) -> Case:
    """One `np.memmap` of the data file, sliced for each tensor."""
    path, places = data.file(name), data.places(name)
    sizes = {tensor: int(np.prod(shape)) * 4 for tensor, (_, shape) in places.items()}

    def run() -> dict[str, np.ndarray]:
        file = np.memmap(path, np.uint8, "r")
        return {
            tensor: file[offset : offset + sizes[tensor]]
            .view(np.float32)
            .reshape(shape)
            for tensor, (offset, shape) in places.items()
        }

    return Case(run, digest.of_arrays, data.entry(name)["digest"])


def load_mmap(data: Data, name: str = "bert") -> Case:
    """A .npy file for each tensor, `np.load(mmap_mode="r")`, every byte summed."""
    folder = Path(data.prefix(f"{name}.npy"))
    places = data.places(name)
    if not folder.exists():
        whole = np.memmap(data.file(name), np.uint8, "r")
        folder.mkdir()
        for i, (offset, shape) in enumerate(places.values()):
            part = whole[offset : offset + int(np.prod(shape)) * 4]
            np.save(folder / f"{i}.npy", part.view(np.float32).reshape(shape))

    def run() -> dict[str, np.ndarray]:
        arrays = {
            tensor: np.load(folder / f"{i}.npy", mmap_mode="r")
            for i, tensor in enumerate(places)
        }
        for array in arrays.values():
            array.reshape(-1).view(np.uint32).sum()
        return arrays

    return Case(run, digest.of_arrays, data.entry(name)["digest"])


def rows(data: Data, loops: int = 1) -> Case:
    offset, shape = data.places("embedding")[MATRIX]
    matrix = np.memmap(data.file("embedding"), np.float32, "r", offset, shape)
    return Case(
        lambda: {MATRIX: np.array(matrix[1000:1128])},
        digest.of_arrays,
        data.entry("embedding")["rows"],
        loops=loops,
    )


def _table(data: Data) -> np.memmap:
    _, shape = data.places("table")[MATRIX]
    return np.memmap(data.file("table"), np.float32, "r", 0, shape)


def _stacked(found: list[np.ndarray]) -> str:
    return digest.of_arrays({MATRIX: np.stack(found)})


def single_rows(data: Data) -> Case:
    table = _table(data)
    rows = row_numbers.single(len(table))
    expected = data.entry("table")["single"]
    return Case(lambda: [table[row].copy() for row in rows], _stacked, expected)


def batches(data: Data, takes: bool = False) -> Case:
    """By `np.take`, or by indexing."""
    table = _table(data)
    wanted = row_numbers.batches(len(table))
    expected = data.entry("table")["batches"]
    if takes:
        plain = np.asarray(table)
        return Case(
            lambda: [np.take(plain, rows, axis=0) for rows in wanted],
            _stacked,
            expected,
        )
    return Case(lambda: [table[rows] for rows in wanted], _stacked, expected)


def many_rows(data: Data) -> Case:
    table = np.asarray(_table(data))
    rows = row_numbers.many(len(table))
    return Case(
        lambda: {MATRIX: np.take(table, rows, axis=0)},
        digest.of_arrays,
        data.entry("table")["many"],
    )
