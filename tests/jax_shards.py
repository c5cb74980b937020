"""Arrays of JAX beside the checkpoint that they are loaded from, shard by shard."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding
from jax.sharding import PartitionSpec as P

import fastckpt
import fastckpt.jax
from bundle_maker import BundleMaker
from fastckpt.jax.shards import ShardReader

#: Divisible by 4 on both axes; of types that V1 keeps as they are.
TENSORS = {
    "w": np.arange(16 * 12, dtype=np.float32).reshape(16, 12),
    "table": np.arange(32 * 8, dtype=np.complex64).reshape(32, 8),
}
FILES = ("plain", "partitioned", "v1", "big_endian")
SPECS = {
    "replicated": P(),
    "rows": P(("x", "y")),
    "columns": P(None, ("x", "y")),
    "mesh": P("x", "y"),
    "rows, partly replicated": P("x"),
    "columns, partly replicated": P(None, "y"),
}


def write(folder: Path) -> None:
    """Writes the tensors in each of the forms that they may be stored in."""
    fastckpt.save(folder / "plain", TENSORS, shards=2)
    with fastckpt.Writer(folder / "partitioned") as writer:
        for name, value in TENSORS.items():
            writer.add_slice(name, value[:12, :], value.shape, (0, 0))
            for low, high in ((0, 4), (4, value.shape[1])):
                writer.add_slice(name, value[12:, low:high], value.shape, (12, low))
    fastckpt.save(folder / "v1", TENSORS, format="v1")
    maker = BundleMaker(big_endian=True)
    for name, value in TENSORS.items():
        maker.add(name, value)
    maker.write(folder, "big_endian")


def make_mesh() -> Mesh:
    return Mesh(np.array(jax.devices()).reshape(2, 2), ("x", "y"))


@contextmanager
def counting(path: Path) -> Iterator[list[int]]:
    """Counts the bytes that the loads of a block ask for."""
    asked: list[int] = []
    original = ShardReader.read

    def read(self: ShardReader, placed: Any) -> Any:
        with fastckpt.open(path) as checkpoint:
            asked.extend(
                nbytes
                for it in placed
                for part in it.parts
                for _, _, nbytes in checkpoint.byte_runs(it.name, part.region)
            )
        return original(self, placed)

    ShardReader.read = read  # type: ignore[method-assign]
    try:
        yield asked
    finally:
        ShardReader.read = original  # type: ignore[method-assign]


def check_shards(array: jax.Array, expected: np.ndarray) -> int:
    """Compares each shard of this process; gives the bytes that they are, each once."""
    assert (array.shape, array.dtype) == (expected.shape, expected.dtype)
    held = {}
    for shard in array.addressable_shards:
        np.testing.assert_array_equal(np.asarray(shard.data), expected[shard.index])
        held[str(shard.index)] = shard.data.nbytes
    return sum(held.values())


def load_everywhere(folder: Path) -> None:
    """Loads every file by every sharding, and counts."""
    mesh = make_mesh()
    for file in FILES:
        for title, spec in SPECS.items():
            sharding = NamedSharding(mesh, spec)
            with counting(folder / file) as asked:
                arrays = fastckpt.jax.load(folder / file, sharding=sharding)
            assert arrays.keys() == TENSORS.keys()
            held = sum(check_shards(arrays[name], TENSORS[name]) for name in arrays)
            assert all(it.sharding == sharding for it in arrays.values())
            assert sum(asked) <= (1.02 if "rows" in title else 1.25) * held, title
