"""fastckpt, of checkpoints behind URLs."""

from __future__ import annotations

from typing import Any

import numpy as np

import fastckpt
from benchmarks.contenders import ours
from benchmarks.contenders.case import Case
from benchmarks.contenders.places import rows_of_file, some_of_file
from benchmarks.data import digest, row_numbers
from benchmarks.data.folder import Data
from benchmarks.data.models import MATRIX

__all__ = ["load", "rows", "some"]

_ = ours  # which refuses debug builds


def some(data: Data, url: str, names: list[str]) -> Case:
    """Opens, and reads some tensors."""

    def run() -> dict[str, np.ndarray]:
        return fastckpt.open(f"{url}/bert").load(names)

    return Case(run, digest.of_arrays, some_of_file(data, names))


def load(data: Data, url: str) -> Case:
    def run() -> dict[str, np.ndarray]:
        return fastckpt.open(f"{url}/bert").load()

    return Case(run, digest.of_arrays, data.entry("bert")["digest"])


def rows(data: Data, url: str, among: int) -> Case:
    """Rows by number of a checkpoint that is open."""
    checkpoint = fastckpt.open(f"{url}/table")
    ids = row_numbers.remote(checkpoint.info(MATRIX).shape[0], among)

    def run() -> dict[str, Any]:
        return {MATRIX: checkpoint.read(MATRIX, ids)}

    return Case(run, digest.of_arrays, rows_of_file(data, ids))
