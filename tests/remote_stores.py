"""Checkpoints in stores of all kinds, for the tests of what lies behind URLs."""

from __future__ import annotations

import itertools
from pathlib import Path

import fsspec
import numpy as np

import fastckpt

_numbers = itertools.count()

TENSORS = {
    "a/kernel": np.arange(12, dtype=np.float32).reshape(3, 4),
    "b/empty": np.zeros((0, 3), np.int64),
    "c/scalar": np.array(7, np.int32),
    "d/words": np.array([b"one", b"", b"three"], object),
    "e/large": np.random.default_rng(0).random((500, 300)),
    "f/flags": np.array([True, False, True]),
}


def in_memory(folder: Path) -> str:
    """Copies a folder to a place of its own in ``memory://``; gives that URL."""
    url = f"memory://test{next(_numbers)}"
    system = fsspec.filesystem("memory")
    for path in folder.rglob("*"):
        if path.is_file():
            name = path.relative_to(folder).as_posix()
            system.pipe_file(f"{url}/{name}", path.read_bytes())
    return url


def save_partitioned(prefix: str) -> np.ndarray:
    """Writes a tensor ``emb`` in three parts, and one that is whole."""
    whole = np.arange(60, dtype=np.float32).reshape(10, 6)
    with fastckpt.Writer(prefix) as writer:
        for begin, end in ((0, 4), (4, 8), (8, 10)):
            writer.add_slice("emb", whole[begin:end], (10, 6), (begin, 0))
        writer.add("w", whole * 2)
    return whole


def assert_same(found, wanted) -> None:
    """Asserts that two mappings hold the same arrays."""
    assert list(found) == sorted(wanted)
    for name, array in wanted.items():
        assert found[name].dtype == array.dtype, name
        np.testing.assert_array_equal(found[name], array)
