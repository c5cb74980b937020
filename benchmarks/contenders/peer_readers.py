"""All tensors of a file by other libraries, each as its own documentation advises.

Each function opens the file, gives the arrays in the order in which they are wanted,
and leaves nothing open. What torch and JAX give is seen through NumPy without a copy.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.contenders.peer_writers import numbered
from benchmarks.data.wanted import Wanted
from benchmarks.machine.needs import NotHere

__all__ = ["reader"]

_Arrays = list[np.ndarray]


def tensorflow_reader(path: str, wanted: Sequence[Wanted]) -> _Arrays:
    """As "tf.train.load_checkpoint" has it: `get_tensor` for each name."""
    import tensorflow as tf

    opened = tf.train.load_checkpoint(path)
    return [np.asarray(opened.get_tensor(tensor.name)) for tensor in wanted]


def tensorflow_restore(path: str, wanted: Sequence[Wanted]) -> _Arrays:
    """As "tf.raw_ops.RestoreV2" has it: one operation, names and types told."""
    import tensorflow as tf

    found = tf.raw_ops.RestoreV2(
        prefix=path,
        tensor_names=[tensor.name for tensor in wanted],
        shape_and_slices=[""] * len(wanted),
        dtypes=[tf.as_dtype(tensor.dtype) for tensor in wanted],
    )
    return [tensor.numpy() for tensor in found]


def safetensors_numpy(path: str, wanted: Sequence[Wanted]) -> _Arrays:
    """As "Safetensors: Numpy API" has it."""
    from safetensors.numpy import load_file

    found = load_file(path)
    return [found[tensor.name] for tensor in wanted]


def _seen(tensor: Any, wanted: Wanted) -> np.ndarray:
    """A tensor of torch through NumPy, which lacks some of its types."""
    import torch

    flat = tensor.reshape(-1).view(torch.uint8).numpy()
    return flat.view(wanted.dtype).reshape(wanted.shape)


def safetensors_torch(path: str, wanted: Sequence[Wanted]) -> _Arrays:
    """As "Safetensors: Torch API" has it."""
    from safetensors.torch import load_file

    found = load_file(path)
    return [_seen(found[tensor.name], tensor) for tensor in wanted]


def torch_load(path: str, wanted: Sequence[Wanted]) -> _Arrays:
    """As "torch.load" has it; `weights_only`, its default."""
    import torch

    found = torch.load(path)
    return [_seen(found[tensor.name], tensor) for tensor in wanted]


def torch_load_mmap(path: str, wanted: Sequence[Wanted]) -> _Arrays:
    """As "Tips for Loading an nn.Module from a Checkpoint" advises."""
    import torch

    found = torch.load(path, mmap=True)
    return [_seen(found[tensor.name], tensor) for tensor in wanted]


def numpy_memmap(path: str, wanted: Sequence[Wanted]) -> _Arrays:
    """As "numpy.memmap" has it: told where each tensor lies in the checkpoint."""
    if any(tensor.offset < 0 for tensor in wanted):
        raise NotHere("not every tensor lies in one piece, as arrays have it")
    files = {file: np.memmap(file, np.uint8, "r") for file in {t.file for t in wanted}}
    return [
        np.ndarray(tensor.shape, tensor.dtype, files[tensor.file], tensor.offset)
        for tensor in wanted
    ]


def numpy_load_mmap(path: str, wanted: Sequence[Wanted]) -> _Arrays:
    """As "numpy.load" has it, for a file for each tensor."""
    return _npy(path, wanted, "r")


def numpy_load(path: str, wanted: Sequence[Wanted]) -> _Arrays:
    """As "numpy.load" has it, for a file for each tensor."""
    return _npy(path, wanted, None)


def _npy(path: str, wanted: Sequence[Wanted], mode: Any) -> _Arrays:
    return [
        np.load(f"{path}/{name}.npy", mmap_mode=mode).view(tensor.dtype)
        for name, tensor in zip(numbered(wanted), wanted, strict=True)
    ]


def numpy_npz(path: str, wanted: Sequence[Wanted]) -> _Arrays:
    """As "numpy.load" has it for `.npz`: in a `with` statement, array by array."""
    with np.load(path) as file:
        return [
            file[name].view(tensor.dtype)
            for name, tensor in zip(numbered(wanted), wanted, strict=True)
        ]


def hdf5(path: str, wanted: Sequence[Wanted]) -> _Arrays:
    """As "h5py: Datasets" has it: `dataset[...]`."""
    import h5py

    with h5py.File(path, "r") as file:
        return [
            file[name][...].view(tensor.dtype)
            for name, tensor in zip(numbered(wanted), wanted, strict=True)
        ]


def zarr3(path: str, wanted: Sequence[Wanted]) -> _Arrays:
    """As "Zarr: Optimizing performance" has it; it reads chunks concurrently."""
    import zarr

    group = zarr.open_group(path, mode="r")
    return [
        np.asarray(group[name][...]).view(tensor.dtype)
        for name, tensor in zip(numbered(wanted), wanted, strict=True)
    ]


def tensorstore(path: str, wanted: Sequence[Wanted]) -> _Arrays:
    """As "tensorstore.Batch" has it: all opened, all read, then waited for."""
    import tensorstore as ts

    opening = [
        ts.open(
            {"driver": "zarr3", "kvstore": {"driver": "file", "path": f"{path}/{name}"}}
        )
        for name in numbered(wanted)
    ]
    stores = [future.result() for future in opening]
    with ts.Batch() as batch:
        reading = [store.read(batch=batch) for store in stores]
    return [
        future.result().view(tensor.dtype)
        for future, tensor in zip(reading, wanted, strict=True)
    ]


def orbax(path: str, wanted: Sequence[Wanted]) -> _Arrays:
    """As "Orbax: Checkpointing PyTrees of Arrays" has it: with the abstract state."""
    import jax
    import orbax.checkpoint as ocp

    jax.config.update("jax_enable_x64", True)
    device = jax.sharding.SingleDeviceSharding(jax.devices("cpu")[0])
    names = numbered(wanted)
    abstract = {
        name: jax.ShapeDtypeStruct(tensor.shape, tensor.dtype, sharding=device)
        for name, tensor in zip(names, wanted, strict=True)
    }
    with ocp.StandardCheckpointer() as checkpointer:
        found = checkpointer.restore(Path(path).absolute(), abstract)
    return [np.asarray(found[name]) for name in names]


def reader(name: str) -> Any:
    """Gives a reader by its name."""
    return globals()[name]
