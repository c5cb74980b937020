"""What is to be found by who reads parts of the data, from the files themselves."""

from __future__ import annotations

import numpy as np

from benchmarks.data import digest
from benchmarks.data.folder import Data
from benchmarks.data.models import MATRIX

__all__ = ["rows_of_file", "some_of_file"]


def some_of_file(data: Data, names: list[str]) -> str:
    """Gives the digest of some of BERT's tensors."""
    places = data.places("bert")
    whole = np.memmap(data.file("bert"), np.uint8, "r")
    found = {}
    for name in names:
        begin, shape = places[name]
        content = whole[begin : begin + int(np.prod(shape)) * 4]
        found[name] = content.view(np.float32).reshape(shape)
    return digest.of_arrays(found)


def rows_of_file(data: Data, ids: np.ndarray) -> str:
    """Gives the digest of rows of the table."""
    begin, shape = data.places("table")[MATRIX]
    table = np.memmap(data.file("table"), np.float32, "r", begin, shape)
    return digest.of_arrays({MATRIX: table[ids]})
