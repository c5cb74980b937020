"""safetensors, on a file of the same tensors; it has no checksums."""

from __future__ import annotations

from typing import Any

import numpy as np
from safetensors import safe_open
from safetensors.numpy import load_file

from benchmarks.contenders.case import Case
from benchmarks.data import digest, row_numbers
from benchmarks.data.folder import Data
from benchmarks.data.models import MATRIX, ONE_TENSOR


def load(data: Data, name: str = "bert") -> Case:
    path = data.safetensors(name)
    return Case(lambda: load_file(path), digest.of_arrays, data.entry(name)["digest"])


def slices(data: Data, name: str) -> Case:
    """The nearest it has to views: slices, that copy when they are indexed."""
    path = data.safetensors(name)

    def run() -> dict[str, Any]:
        file = safe_open(path, framework="numpy")
        return {tensor: file.get_slice(tensor) for tensor in file.keys()}  # noqa: SIM118

    def prove(found: dict[str, Any]) -> str:
        return digest.of_arrays({name: part[:] for name, part in found.items()})

    return Case(run, prove, data.entry(name)["digest"])


def list_all(data: Data, name: str = "small") -> Case:
    path = data.safetensors(name)

    def run() -> list[Any]:
        rows = []
        with safe_open(path, framework="numpy") as file:
            for tensor in file.keys():  # noqa: SIM118
                part = file.get_slice(tensor)
                rows.append((tensor, part.get_dtype(), part.get_shape()))
        return rows

    def prove(rows: list[Any]) -> str:
        numpy_dtypes = {"F32": np.dtype(np.float32)}
        return digest.of_listing((n, numpy_dtypes[d], s) for n, d, s in rows)

    return Case(run, prove, data.entry(name)["listing"])


def handles(data: Data, name: str) -> Case:
    path = data.safetensors(name)

    def run() -> list[Any]:
        file = safe_open(path, framework="numpy")
        found = [(tensor, file.get_slice(tensor)) for tensor in file.keys()]  # noqa: SIM118
        return [(n, part, part.get_shape(), part.get_dtype()) for n, part in found]

    def prove(found: list[Any]) -> str:
        numpy_dtypes = {"F32": np.dtype(np.float32)}
        return digest.of_listing((n, numpy_dtypes[d], s) for n, _, s, d in found)

    return Case(run, prove, data.entry(name)["listing"])


def single_rows(data: Data) -> Case:
    file = safe_open(data.safetensors("table"), framework="numpy")
    table = file.get_slice(MATRIX)
    rows = row_numbers.single(table.get_shape()[0])

    def prove(found: list[np.ndarray]) -> str:
        return digest.of_arrays({MATRIX: np.concatenate(found)})

    expected = data.entry("table")["single"]
    return Case(lambda: [table[row : row + 1] for row in rows], prove, expected)


def one(data: Data) -> Case:
    path = data.safetensors("embedding")

    def run() -> dict[str, np.ndarray]:
        with safe_open(path, framework="numpy") as file:
            return {ONE_TENSOR: file.get_tensor(ONE_TENSOR)}

    return Case(run, digest.of_arrays, data.entry("embedding")["one"])
