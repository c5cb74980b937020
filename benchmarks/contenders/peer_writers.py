"""Files of other formats with the tensors of a checkpoint; none of it is timed.

Tensors have numbers for names where a format makes folders or groups of names: what a
checkpoint may call a tensor ("..", "a//b", "") is not for everybody.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import fastckpt
from benchmarks.data.wanted import Wanted
from benchmarks.machine.needs import NotHere

__all__ = ["CHUNK", "WRITERS", "Source", "numbered", "plain_dtype", "remove", "write"]

CHUNK = 16 << 20
"""Bytes of a chunk. Zarr's page "Optimizing performance" wants a MiB at least."""


class Source:
    """A checkpoint and its tensors that are wanted."""

    def __init__(self, path: str, wanted: Sequence[Wanted]) -> None:
        self.path, self.wanted = path, wanted

    def arrays(self) -> Iterator[np.ndarray]:
        """Gives the arrays one after the other; none is kept."""
        checkpoint = fastckpt.open(self.path)
        for tensor in self.wanted:
            yield checkpoint[tensor.name]

    def plain(self) -> Iterator[np.ndarray]:
        """Gives them in dtypes that are NumPy's own: bfloat16 as uint16."""
        for array in self.arrays():
            yield array.view(plain_dtype(array.dtype))


def numbered(wanted: Sequence[Wanted]) -> list[str]:
    """Gives a name for each tensor that every format can hold."""
    return [f"t{i:06d}" for i in range(len(wanted))]


def plain_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Gives the dtype of the same size that others know, too."""
    return dtype if dtype.isbuiltin == 1 else np.dtype(f"u{dtype.itemsize}")


def safetensors(path: Path, source: Source) -> None:
    kept = {tensor.name for tensor in source.wanted}
    with fastckpt.open(source.path) as checkpoint:
        drop = [name for name in checkpoint if name not in kept]
        fastckpt.convert(checkpoint, path, format="safetensors", drop=drop)


def torch(path: Path, source: Source) -> None:
    import torch as library

    import fastckpt.torch

    names = [tensor.name for tensor in source.wanted]
    library.save(dict(fastckpt.torch.load_file(source.path, names)), path)


def npy(path: Path, source: Source) -> None:
    path.mkdir()
    names = numbered(source.wanted)
    for name, array in zip(names, source.plain(), strict=True):
        np.save(path / f"{name}.npy", array)


def npz(path: Path, source: Source) -> None:
    with open(path, "wb") as file:
        names = numbered(source.wanted)
        np.savez(file, **dict(zip(names, source.plain(), strict=True)))


def hdf5(path: Path, source: Source) -> None:
    import h5py

    names = numbered(source.wanted)
    with h5py.File(path, "w") as file:
        for name, array in zip(names, source.plain(), strict=True):
            file.create_dataset(name, data=array)


def _chunks(array: np.ndarray) -> tuple[int, ...]:
    """Gives chunks of whole rows, as many as fit."""
    if array.ndim == 0:
        return ()
    row = max(1, array.nbytes // max(1, len(array)))
    rows = max(1, min(len(array), CHUNK // row))
    return (rows, *(max(1, size) for size in array.shape[1:]))


def zarr(path: Path, source: Source) -> None:
    import zarr as library

    group = library.open_group(path, mode="w")
    names = numbered(source.wanted)
    for name, array in zip(names, source.plain(), strict=True):
        # Without a compressor: weights hardly shrink, and nobody else has one.
        made = group.create_array(
            name,
            shape=array.shape,
            dtype=array.dtype,
            chunks=_chunks(array),
            compressors=None,
        )
        made[...] = array


def orbax(path: Path, source: Source) -> None:
    import jax
    import orbax.checkpoint as library

    jax.config.update("jax_enable_x64", True)
    names = numbered(source.wanted)
    state = {
        name: jax.numpy.asarray(array)
        for name, array in zip(names, source.arrays(), strict=True)
    }
    with library.StandardCheckpointer() as checkpointer:
        checkpointer.save(path.absolute(), state)
        checkpointer.wait_until_finished()


WRITERS = {
    writer.__name__: writer
    for writer in (safetensors, torch, npy, npz, hdf5, zarr, orbax)
}


def remove(path: Path) -> None:
    """Removes a file or a folder, if it is there."""
    shutil.rmtree(path, ignore_errors=True)
    path.unlink(missing_ok=True)


def write(format: str, path: Path, source: Source) -> None:
    """Writes a format's file or folder.

    Raises:
        NotHere: The format cannot hold these tensors, or there is no space.
    """
    try:
        WRITERS[format](path, source)
    except OSError as error:
        remove(path)  # it may have filled the disk
        raise NotHere(f"its file cannot be written: {error.strerror}") from error
    except Exception as error:
        remove(path)
        # Whatever a library says about a dtype, a name or the disk.
        said = str(error).strip().splitlines() or [type(error).__name__]
        raise NotHere(
            f"{format} does not hold these tensors: {said[0][:200]}"
        ) from error
