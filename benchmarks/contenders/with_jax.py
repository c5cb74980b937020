"""Arrays of JAX on four devices of the CPU: from fastckpt, from Orbax, from NumPy."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=4"

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

import fastckpt.jax
from benchmarks.contenders.case import Case
from benchmarks.data import digest
from benchmarks.data.folder import Data

_Arrays = Mapping[str, jax.Array]


def _prove(arrays: _Arrays) -> str:
    """Puts each array together of its shards."""
    return digest.of_arrays({name: np.asarray(it) for name, it in arrays.items()})


def _chooser(is_split: bool) -> Callable[[str, tuple[int, ...]], NamedSharding]:
    """Gives the sharding of a shape: its rows over the devices, where they divide."""
    mesh = Mesh(np.array(jax.devices()), "d")
    rows, everywhere = (
        NamedSharding(mesh, spec) for spec in (PartitionSpec("d"), PartitionSpec())
    )

    def choose(name: str, shape: tuple[int, ...]) -> NamedSharding:
        fits = is_split and shape and shape[0] % mesh.size == 0
        return rows if fits else everywhere

    return choose


def ours(data: Data, is_split: bool, verify: bool | None = None) -> Case:
    path, choose = data.prefix("bert"), _chooser(is_split)

    def run() -> _Arrays:
        return fastckpt.jax.load(path, sharding=choose, verify=verify)

    return Case(run, _prove, data.entry("bert")["digest"])


def put(data: Data, is_split: bool) -> Case:
    """What one does without a library that knows shardings."""
    file, choose = data.file("bert"), _chooser(is_split)
    places = data.places("bert")

    def run() -> _Arrays:
        made = {}
        for name, (offset, shape) in places.items():
            count = int(np.prod(shape))
            array = np.fromfile(file, np.float32, count, offset=offset).reshape(shape)
            made[name] = jax.device_put(array, choose(name, shape))
        return jax.block_until_ready(made)

    return Case(run, _prove, data.entry("bert")["digest"])


def orbax(data: Data, is_split: bool) -> Case:
    """Saved from arrays of the same shardings."""
    import orbax.checkpoint as ocp

    choose, places = _chooser(is_split), data.places("bert")
    # Its names are paths.
    keys = {name.replace("/", "."): name for name in places}
    wanted = {
        key: jax.ShapeDtypeStruct(
            places[name][1], np.float32, sharding=choose(name, places[name][1])
        )
        for key, name in keys.items()
    }
    folder = Path(data.prefix(f"orbax-{'rows' if is_split else 'replicated'}"))
    checkpointer = ocp.StandardCheckpointer()
    if not folder.exists():
        arrays = put(data, is_split).run()
        state = {key: arrays[name] for key, name in keys.items()}
        checkpointer.save(folder.absolute(), state)
        checkpointer.wait_until_finished()

    def run() -> Any:
        return jax.block_until_ready(checkpointer.restore(folder.absolute(), wanted))

    def prove(found: _Arrays) -> str:
        return _prove({keys[key]: array for key, array in found.items()})

    return Case(run, prove, data.entry("bert")["digest"])
