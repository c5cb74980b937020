"""A torch DataLoader whose four workers gather batches of rows of the table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

import fastckpt
from benchmarks.contenders import with_stores
from benchmarks.contenders.case import Case
from benchmarks.data import row_numbers
from benchmarks.data.folder import Data
from benchmarks.data.models import MATRIX

_Get = Callable[[Any], np.ndarray]

_WORKERS = 4
# It has threads of its own, which do not survive a fork.
_SPAWNED = {"tensorstore"}
_BATCHES = 200


class _Rows(Dataset[Any]):
    """Rows of a table, a batch at a time; opened by whoever asks first."""

    def __init__(self, data: Data, who: str, count: int) -> None:
        self._data, self._who, self._count = data, who, count
        self._opened: _Get | None = None

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_opened": None}

    def _get(self, rows: Any) -> np.ndarray:
        if self._opened is None:
            self._opened = _open(self._data, self._who)
        return self._opened(rows)

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, row: int) -> torch.Tensor:
        return torch.from_numpy(self._get(row))

    def __getitems__(self, rows: list[int]) -> torch.Tensor:
        return torch.from_numpy(self._get(rows))


class _SameBatches:
    """The same rows in each epoch."""

    def __init__(self, batches: list[list[int]]) -> None:
        self._batches = batches

    def __iter__(self) -> Any:
        return iter(self._batches)

    def __len__(self) -> int:
        return len(self._batches)


def _same(batch: torch.Tensor) -> torch.Tensor:
    return batch


def _memmap(data: Data) -> _Get:
    _, shape = data.places("table")[MATRIX]
    table = np.memmap(data.file("table"), np.float32, "r", 0, shape)
    return lambda rows: table[rows]


def _ours(data: Data) -> _Get:
    table = fastckpt.open(data.prefix("table")).tensor(MATRIX)
    return lambda rows: table[rows]


def _open(data: Data, who: str) -> _Get:
    if who in ("ours", "memmap"):
        return {"ours": _ours, "memmap": _memmap}[who](data)
    return with_stores.open_store(data, who)


def loader(data: Data, who: str) -> Case:
    """One epoch; the workers stay for the next."""
    _, (rows, _) = data.places("table")[MATRIX]
    table = _Rows(data, who, rows)
    if who not in _SPAWNED:
        table[0]  # opened here; the first check, apart
    ids = np.random.default_rng(14).integers(0, rows, (_BATCHES, row_numbers.BATCH))
    batches = DataLoader(
        table,
        batch_sampler=_SameBatches(ids.tolist()),
        num_workers=_WORKERS,
        collate_fn=_same,
        persistent_workers=True,
        multiprocessing_context="spawn" if who in _SPAWNED else "fork",
    )

    def run() -> int:
        total = 0
        for batch in batches:
            total += int(batch.numpy().view(np.uint32).sum(dtype=np.uint64))
        return total

    values = _memmap(data)
    expected = sum(
        int(values(rows).view(np.uint32).sum(dtype=np.uint64)) for rows in ids
    )
    return Case(run, str, str(expected))
