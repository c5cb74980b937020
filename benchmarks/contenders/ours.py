"""fastckpt."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np

import fastckpt
from benchmarks.contenders.case import Case
from benchmarks.data import digest, row_numbers
from benchmarks.data.folder import Data
from benchmarks.data.models import MATRIX, ONE_TENSOR
from benchmarks.data.wanted import touch
from fastckpt import _native
from fastckpt.checking.statistics import look_at

if not _native.NDEBUG:
    raise SystemExit("fastckpt is a debug build: its times would tell nothing")

ROWS = np.s_[1000:1128]


def _arrays(data: Data, name: str, run: Callable[[], Any]) -> Case:
    return Case(run, digest.of_arrays, data.entry(name)["digest"])


def load(data: Data, name: str = "bert", threads: int | None = None) -> Case:
    path = data.prefix(name)
    return _arrays(data, name, lambda: fastckpt.open(path).load(threads=threads))


def load_copy(data: Data, name: str = "bert", threads: int | None = None) -> Case:
    path = data.prefix(name)
    return _arrays(
        data, name, lambda: fastckpt.open(path).load(copy=True, threads=threads)
    )


def load_and_touch(data: Data, name: str = "bert", copy: bool = False) -> Case:
    """Beside the peers: every byte is read once more, as theirs are."""
    path = data.prefix(name)

    def run() -> tuple[dict[str, np.ndarray], int]:
        arrays = fastckpt.open(path).load(copy=copy)
        return arrays, sum(map(touch, arrays.values())) % 2**64

    expected = data.entry(name)["digest"]
    return Case(run, lambda found: digest.of_arrays(found[0]), expected)


def load_into(data: Data, name: str = "bert") -> Case:
    """Into arrays that are there, and stay for the next run."""
    path = data.prefix(name)
    out = fastckpt.open(path, verify=False).load(copy=True)
    return _arrays(data, name, lambda: fastckpt.open(path).load(out=out))


def load_cold(data: Data, io: str = "auto") -> Case:
    path = data.prefix("bert")
    return _arrays(data, "bert", lambda: fastckpt.open(path, io=io).load())._replace(
        cold=(data.file("bert"),)
    )


def load_strings(data: Data) -> Case:
    path = data.prefix("strings")
    expected = data.entry("strings")["digest"]
    return Case(lambda: fastckpt.open(path).load(), digest.of_strings, expected)


def views(data: Data, name: str) -> Case:
    path = data.prefix(name)

    def run() -> dict[str, np.ndarray]:
        checkpoint = fastckpt.open(path, verify=False)
        return {tensor: checkpoint[tensor] for tensor in checkpoint}

    return _arrays(data, name, run)


def views_by_load(data: Data, name: str) -> Case:
    path = data.prefix(name)
    return _arrays(data, name, lambda: fastckpt.open(path, verify=False).load())


def open_only(data: Data, name: str = "small") -> Case:
    path = data.prefix(name)
    return Case(lambda: fastckpt.open(path), _listing, data.entry(name)["listing"])


def list_all(data: Data, name: str = "small") -> Case:
    path = data.prefix(name)

    def run() -> list[Any]:
        infos = fastckpt.open(path).infos()
        return [(info.name, info.dtype, info.shape) for info in infos]

    return Case(run, digest.of_listing, data.entry(name)["listing"])


def _listing(checkpoint: fastckpt.Checkpoint) -> str:
    infos = checkpoint.infos()
    return digest.of_listing((info.name, info.dtype, info.shape) for info in infos)


def one(data: Data) -> Case:
    path = data.prefix("embedding")

    def run() -> dict[str, np.ndarray]:
        return {ONE_TENSOR: fastckpt.open(path)[ONE_TENSOR]}

    return Case(run, digest.of_arrays, data.entry("embedding")["one"])


def rows(
    data: Data, name: str = "embedding", verify: bool = True, loops: int = 1
) -> Case:
    checkpoint = fastckpt.open(data.prefix(name), verify=verify)
    return Case(
        lambda: {MATRIX: checkpoint.read(MATRIX, ROWS)},
        digest.of_arrays,
        data.entry("embedding")["rows"],
        loops=loops,
    )


def handles(data: Data, name: str) -> Case:
    path = data.prefix(name)

    def run() -> list[Any]:
        checkpoint = fastckpt.open(path)
        found = [checkpoint.tensor(tensor) for tensor in checkpoint]
        return [(handle, handle.shape, handle.dtype) for handle in found]

    def prove(found: list[Any]) -> str:
        return digest.of_listing((h.name, dtype, shape) for h, shape, dtype in found)

    return Case(run, prove, data.entry(name)["listing"])


def _stacked(found: Any) -> str:
    return digest.of_arrays({MATRIX: np.stack(found)})


def single_rows(data: Data, by_handle: bool = False) -> Case:
    """One after the other, by default checked: before the first."""
    checkpoint = fastckpt.open(data.prefix("table"))
    table = checkpoint.tensor(MATRIX)
    rows = row_numbers.single(len(table))

    def read() -> list[np.ndarray]:
        return [checkpoint.read(MATRIX, row) for row in rows]

    def index() -> list[np.ndarray]:
        return [table[row] for row in rows]

    return Case(index if by_handle else read, _stacked, data.entry("table")["single"])


def batches(data: Data) -> Case:
    table = fastckpt.open(data.prefix("table")).tensor(MATRIX)
    wanted = row_numbers.batches(len(table))
    expected = data.entry("table")["batches"]
    return Case(lambda: [table[rows] for rows in wanted], _stacked, expected)


def many_rows(data: Data, keeps: bool = False, threads: int | None = None) -> Case:
    """65,536 at once, into an array that is kept or into a new one."""
    checkpoint = fastckpt.open(data.prefix("table"), threads=threads)
    rows = row_numbers.many(checkpoint.info(MATRIX).shape[0])
    out = checkpoint.read(MATRIX, rows) if keeps else None
    return Case(
        lambda: {MATRIX: checkpoint.read(MATRIX, rows, out)},
        digest.of_arrays,
        data.entry("table")["many"],
    )


def load_on_write(data: Data) -> Case:
    path = data.prefix("bert")
    return _arrays(data, "bert", lambda: fastckpt.open(path).load(copy="on-write"))


def load_and_write(data: Data, copy: bool | str) -> Case:
    """Loads, and then writes each page: every value as it was."""
    path = data.prefix("bert")

    def run() -> dict[str, np.ndarray]:
        arrays = fastckpt.open(path).load(copy=copy)
        for array in arrays.values():
            flat = array.reshape(-1)
            flat[::1024] *= 1  # an assignment to itself would write nothing
        return arrays

    return _arrays(data, "bert", run)


def load_cast(data: Data, dtype: str, afterwards: bool = False) -> Case:
    """To another dtype while loading, or by NumPy afterwards."""
    path = data.prefix("bert")
    wanted = np.dtype(getattr(ml_dtypes, dtype, dtype))

    def run() -> dict[str, np.ndarray]:
        if not afterwards:
            return fastckpt.open(path).load(dtype=dtype)
        arrays = fastckpt.open(path).load()
        return {name: array.astype(wanted) for name, array in arrays.items()}

    # By ml_dtypes and NumPy, from the bytes in the file.
    whole, places = np.memmap(data.file("bert"), np.uint8, "r"), data.places("bert")
    expected = digest.of_arrays(
        {
            name: whole[offset : offset + int(np.prod(shape)) * 4]
            .view(np.float32)
            .reshape(shape)
            .astype(wanted)
            for name, (offset, shape) in places.items()
        }
    )
    return Case(run, digest.of_arrays, expected)


def verify(data: Data, threads: int | None = None) -> Case:
    path = data.prefix("bert")

    def run() -> tuple[fastckpt.Checkpoint, fastckpt.VerifyReport]:
        checkpoint = fastckpt.open(path)
        return checkpoint, checkpoint.verify(threads=threads)

    def prove(result: tuple[fastckpt.Checkpoint, fastckpt.VerifyReport]) -> str:
        report = result[1]
        return "right" if report.ok else str(report.problems[:3])

    return Case(run, prove, "right")


def statistics(data: Data, name: str, with_histogram: bool = True) -> Case:
    """Without histograms as the command `stats` asks for them."""
    path = data.prefix(name)

    def run() -> dict[str, fastckpt.Statistics]:
        return look_at(fastckpt.open(path), None, None, None, with_histogram)

    def prove(found: dict[str, fastckpt.Statistics]) -> str:
        for tensor, array in fastckpt.open(path).load().items():
            it = found[tensor]
            if (it.min, it.max, it.zeros) != (
                array.min(),
                array.max(),
                np.sum(array == 0),
            ):
                return f"wrong: {tensor}"
            if with_histogram and sum(it.histogram[0]) != array.size:
                return f"not all of {tensor} is in the histogram"
        return "right"

    return Case(run, prove, "right")


def save(data: Data) -> Case:
    arrays = fastckpt.open(data.prefix("bert"), verify=False).load(copy=True)
    out = data.prefix(f"saved-{os.getpid()}")

    def prove(_: object) -> str:
        return digest.of_arrays(fastckpt.open(out).load())

    return Case(lambda: fastckpt.save(out, arrays), prove, data.entry("bert")["digest"])
