"""Array stores, on files of the same table: HDF5, zarr 3, TensorStore.

Each is written with chunks of 256 rows and without compression (the values are random),
h5py's as one piece, and read as its own documentation advises.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.contenders.case import Case
from benchmarks.data import digest, row_numbers
from benchmarks.data.folder import Data
from benchmarks.data.models import MATRIX

_CHUNK = 256

# Gives the rows that are asked for; of one or of many.
_Get = Callable[[Any], np.ndarray]


def _values(data: Data) -> np.ndarray:
    _, shape = data.places("table")[MATRIX]
    return np.memmap(data.file("table"), np.float32, "r", 0, shape)


def hdf5(data: Data) -> _Get:
    import h5py

    path = Path(data.prefix("table.h5"))
    if not path.exists():
        with h5py.File(path, "w") as file:
            file.create_dataset(MATRIX, data=_values(data))
    table = h5py.File(path, "r")[MATRIX]

    def get(rows: Any) -> np.ndarray:
        if isinstance(rows, int):
            return np.asarray(table[rows])
        # Lists must rise, without repeats.
        rising, places = np.unique(rows, return_inverse=True)
        return np.asarray(table[rising])[places]

    return get


def _zarr_path(data: Data) -> str:
    import zarr

    path = data.prefix("table.zarr")
    if not Path(path).exists():
        values = _values(data)
        zarr.create_array(
            path, data=values, chunks=(_CHUNK, values.shape[1]), compressors=None
        )
    return path


def zarr3(data: Data) -> _Get:
    import zarr

    table = zarr.open_array(_zarr_path(data), mode="r")

    def get(rows: Any) -> np.ndarray:
        return np.asarray(table[rows] if isinstance(rows, int) else table.oindex[rows])

    return get


def tensorstore(data: Data) -> _Get:
    import tensorstore

    kvstore = {"driver": "file", "path": _zarr_path(data)}
    table = tensorstore.open({"driver": "zarr3", "kvstore": kvstore}).result()
    return lambda rows: np.asarray(table[rows].read().result())


_STORES = {"hdf5": hdf5, "zarr3": zarr3, "tensorstore": tensorstore}


def open_store(data: Data, store: str) -> _Get:
    """Gives what reads rows of a store, which is written if it is not there."""
    return _STORES[store](data)


def _stacked(found: list[np.ndarray]) -> str:
    return digest.of_arrays({MATRIX: np.stack(found)})


def single_rows(data: Data, store: str) -> Case:
    get, rows = open_store(data, store), row_numbers.single(len(_values(data)))
    expected = data.entry("table")["single"]
    return Case(lambda: [get(row) for row in rows], _stacked, expected)


def batches(data: Data, store: str) -> Case:
    get, wanted = open_store(data, store), row_numbers.batches(len(_values(data)))
    expected = data.entry("table")["batches"]
    return Case(lambda: [get(rows) for rows in wanted], _stacked, expected)
