"""Two processes with two devices each: `python jax_ranks.py FOLDER PORT RANK`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=2"
os.environ["JAX_PLATFORMS"] = "cpu"

import jax

if __name__ == "__main__":
    jax.config.update("jax_cpu_collectives_implementation", "gloo")
    jax.distributed.initialize(
        f"localhost:{sys.argv[2]}", 2, int(sys.argv[3]), initialization_timeout=60
    )

import numpy as np
from jax.sharding import NamedSharding
from jax.sharding import PartitionSpec as P

import fastckpt
import fastckpt.jax
import jax_shards


def integers_are_alike(folder: Path) -> None:
    """What does not fit lies in the other process's half alone."""
    sharding = NamedSharding(jax_shards.make_mesh(), P("x"))
    arrays = fastckpt.jax.load(folder / "ids", ["small"], sharding=sharding)
    assert arrays["small"].dtype == np.int32
    try:
        fastckpt.jax.load(folder / "ids", ["large"], sharding=sharding)
    except ValueError:
        pass
    else:
        raise AssertionError("no error in this process")


def devices_of_the_other_process(folder: Path) -> None:
    devices = [it for it in jax.devices() if it.process_index == 0]
    mesh = jax.sharding.Mesh(np.array(devices), "z")
    sharding = NamedSharding(mesh, P("z"))
    found = fastckpt.jax.load(folder / "plain", ["w"], sharding=sharding)["w"]
    assert (found.shape, found.dtype) == ((16, 12), np.float32)
    assert bool(found.addressable_shards) == (jax.process_index() == 0)


def what_is_computed_together(folder: Path) -> None:
    sharding = NamedSharding(jax_shards.make_mesh(), P("x", "y"))
    found = fastckpt.jax.load(folder / "plain", ["w"], sharding=sharding)["w"]
    assert float(jax.jit(lambda a: a.sum())(found)) == jax_shards.TENSORS["w"].sum()


def main(folder: Path) -> None:
    assert (jax.device_count(), jax.local_device_count()) == (4, 2)
    jax_shards.load_everywhere(folder)
    integers_are_alike(folder)
    devices_of_the_other_process(folder)
    what_is_computed_together(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
