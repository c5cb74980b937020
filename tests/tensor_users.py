"""What others make of `ckpt.tensor(name)` as it stands: each a program of its own.

`python tensor_users.py USER PREFIX` ends with 0 if what it got is what is stored. The
checkpoint has "emb", float32 of (1000, 16), and "bias", int64 of (16,), of which each
element is its index.
"""

from __future__ import annotations

import sys

import numpy as np

import fastckpt

EMB = np.arange(16_000, dtype=np.float32).reshape(1000, 16)
BIAS = np.arange(16, dtype=np.int64)


def write(prefix: str) -> None:
    """Saves the checkpoint that the users read."""
    fastckpt.save(prefix, {"emb": EMB, "bias": BIAS})


def dask_threads(ckpt: fastckpt.Checkpoint) -> None:
    _use_dask(ckpt, "threads")


def dask_processes(ckpt: fastckpt.Checkpoint) -> None:
    _use_dask(ckpt, "processes")


def _use_dask(ckpt: fastckpt.Checkpoint, scheduler: str) -> None:
    import dask
    import dask.array as da

    emb = da.from_array(ckpt.tensor("emb"), chunks=(300, 8))
    bias = da.from_array(ckpt.tensor("bias"), chunks=5)
    assert emb.name == da.from_array(ckpt.tensor("emb"), chunks=(300, 8)).name
    assert emb.name != da.from_array(ckpt.tensor("emb"), chunks=(100, 8)).name
    assert (emb.dtype, emb.shape) == (EMB.dtype, EMB.shape)
    lazy = [emb, emb + bias, emb[350:10:-7, 3], emb.sum(axis=0), emb[:, None, 2:4]]
    wanted = [EMB, EMB + BIAS, EMB[350:10:-7, 3], EMB.sum(axis=0), EMB[:, None, 2:4]]
    with dask.config.set(scheduler=scheduler, num_workers=2):
        for found, expected in zip(dask.compute(*lazy), wanted, strict=True):
            np.testing.assert_allclose(found, expected)


def xarray(ckpt: fastckpt.Checkpoint) -> None:
    import dask.array as da
    import xarray as xr

    emb = xr.DataArray(ckpt.tensor("emb"), dims=["row", "column"])
    assert np.shares_memory(emb.values, ckpt["emb"])
    np.testing.assert_array_equal(emb.isel(row=[3, 1]).values, EMB[[3, 1]])
    lazy = da.from_array(ckpt.tensor("emb"), chunks=100)
    both = xr.Dataset(
        {"emb": (("row", "column"), lazy), "bias": ("column", ckpt.tensor("bias"))}
    )
    found = (both.emb + both.bias).isel(row=slice(5, 9)).compute()
    np.testing.assert_array_equal(found.values, (EMB + BIAS)[5:9])


def jax(ckpt: fastckpt.Checkpoint) -> None:
    import os

    os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=4"
    import jax as library
    from jax.sharding import Mesh, NamedSharding, PartitionSpec

    tensor = ckpt.tensor("emb")
    mesh = Mesh(np.array(library.devices()).reshape(2, 2), ("x", "y"))
    sharding = NamedSharding(mesh, PartitionSpec("x", "y"))
    found = library.make_array_from_callback(
        tensor.shape, sharding, lambda index: tensor[index]
    )
    assert found.addressable_shards[0].data.shape == (500, 8)
    np.testing.assert_array_equal(np.asarray(found), EMB)


def torch_fork(ckpt: fastckpt.Checkpoint) -> None:
    _use_torch(ckpt, "fork")


def torch_spawn(ckpt: fastckpt.Checkpoint) -> None:
    _use_torch(ckpt, "spawn")


class Rows:
    """A data set of torch over a handle."""

    def __init__(self, tensor: fastckpt.Tensor) -> None:
        self.tensor = tensor

    def __len__(self) -> int:
        return len(self.tensor)

    def __getitem__(self, row: int) -> np.ndarray:
        return self.tensor[row]


def _use_torch(ckpt: fastckpt.Checkpoint, method: str) -> None:
    import torch
    from torch.utils.data import DataLoader

    # The handle alone has what a data set needs, too.
    for data in (Rows(ckpt.tensor("emb")), ckpt.tensor("emb")):
        loader = DataLoader(
            data, batch_size=256, num_workers=2, multiprocessing_context=method
        )
        np.testing.assert_array_equal(torch.cat(list(loader)).numpy(), EMB)


if __name__ == "__main__":
    with fastckpt.open(sys.argv[2]) as opened:
        globals()[sys.argv[1]](opened)
