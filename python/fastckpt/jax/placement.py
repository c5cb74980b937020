"""Which part of a tensor goes to which device, as JAX's shardings say it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any, NamedTuple

import numpy as np

from fastckpt.base.deferred import importing
from fastckpt.base.names import match
from fastckpt.reading.checkpoint import Checkpoint

__all__ = ["Part", "Placed", "ShardingArgument", "place"]

#: None, a Sharding, {pattern: Sharding} or (name, shape) -> Sharding; JAX's own types
#: are not known where JAX is missing.
ShardingArgument = Any

Region = tuple[slice, ...]


class Part(NamedTuple):
    """A distinct region of a tensor, and the devices of this process that hold it.

    Attributes:
        region: None: all of the tensor.
        devices: None among them: the default device.
    """

    region: Region | None
    devices: list[Any]

    def shape_in(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Gives the shape of the region of a tensor of that shape."""
        return tuple(high - low for low, high in _bounds(self.region or (), shape))


class Placed(NamedTuple):
    """A tensor of a call, and where it goes.

    Attributes:
        name: In the result.
        slot: In the checkpoint.
        shape: Of all of it.
        sharding: None: the default device.
        parts: What this process reads, each once.
        nbytes: How many bytes that are, as they are stored.
    """

    name: str
    slot: int
    shape: tuple[int, ...]
    sharding: Any
    parts: list[Part]
    nbytes: int

    def make(self, values: Sequence[np.ndarray], dtype: np.dtype[Any]) -> Any:
        """Gives the array that has these values, in the order of the parts.

        JAX may keep the memory of values: they belong to it from now on.

        Args:
            dtype: Theirs; a process without a device of the sharding has none.
        """
        with importing:
            import jax

        if self.sharding is None:
            return jax.device_put(values[0])
        # Device by device: a put to a sharding of several processes waits for them.
        owned = [
            jax.device_put(own, self._target(device))
            for part, own in zip(self.parts, values, strict=True)
            for device in part.devices
        ]
        make = jax.make_array_from_single_device_arrays
        if owned:
            return make(self.shape, self.sharding, owned)
        return make(self.shape, self.sharding, owned, dtype=dtype)

    def _target(self, device: Any) -> Any:
        with importing:
            from jax.sharding import SingleDeviceSharding

        return SingleDeviceSharding(device, memory_kind=self.sharding.memory_kind)


def place(
    checkpoint: Checkpoint, slots: Mapping[str, int], sharding: ShardingArgument
) -> list[Placed]:
    """Gives where each tensor goes, in the order in which they were asked for.

    Raises:
        KeyError: A pattern fits no tensor of the checkpoint.
        TypeError: What should be a sharding is none.
        ValueError: A sharding does not divide a shape.
    """
    choose = _chooser(checkpoint, sharding)
    return [
        _place(checkpoint, name, slot, choose(checkpoint._reader.info(slot)))
        for name, slot in slots.items()
    ]


def _chooser(
    checkpoint: Checkpoint, sharding: ShardingArgument
) -> Callable[[Any], Any]:
    with importing:
        from jax.sharding import Mesh, Sharding

    if sharding is None or isinstance(sharding, Sharding):
        return lambda info: sharding
    if isinstance(sharding, Mapping):
        by_name = _by_name(checkpoint, sharding)
        return lambda info: by_name.get(info.name)
    # A Mesh can be called, too.
    if callable(sharding) and not isinstance(sharding, Mesh):
        return lambda info: _checked(sharding(info.name, info.shape), info.name)
    return lambda info: _checked(sharding, info.name)


def _by_name(checkpoint: Checkpoint, shardings: Mapping[str, Any]) -> dict[str, Any]:
    reader = checkpoint._reader
    chosen: dict[str, Any] = {}
    for pattern, each in shardings.items():
        for name in match([pattern], reader.names, reader.find):
            chosen.setdefault(name, _checked(each, pattern))
    return chosen


def _checked(sharding: Any, name: str) -> Any:
    with importing:
        from jax.sharding import Sharding

    if sharding is None or isinstance(sharding, Sharding):
        return sharding
    raise TypeError(
        f"{name!r}: a sharding must be a jax.sharding.Sharding, such as "
        "NamedSharding(mesh, PartitionSpec(...)) or SingleDeviceSharding(device), not "
        f"{sharding!r}"
    )


def _place(checkpoint: Checkpoint, name: str, slot: int, sharding: Any) -> Placed:
    info = checkpoint._reader.info(slot)
    assert info.dtype is not None
    parts = [Part(None, [None])]
    if sharding is not None:
        parts = _divide(info.name, info.shape, sharding)
    count = sum(prod(part.shape_in(info.shape)) for part in parts)
    nbytes = count * info.dtype.itemsize
    return Placed(name, slot, info.shape, sharding, parts, nbytes)


def _divide(name: str, shape: tuple[int, ...], sharding: Any) -> list[Part]:
    """Gives the distinct regions that the devices of this process need."""
    try:
        sharding.shard_shape(shape)
        regions = sharding.addressable_devices_indices_map(shape)
    except (ValueError, IndexError) as error:  # of a spec with too many axes, too
        raise ValueError(f"tensor {name!r}, shape {shape}: {error}") from None
    found: dict[tuple[tuple[int, int], ...], list[Any]] = {}
    for device, region in regions.items():
        found.setdefault(_bounds(region or (), shape), []).append(device)
    whole = tuple((0, size) for size in shape)
    return [
        Part(None if bounds == whole else tuple(slice(*it) for it in bounds), devices)
        for bounds, devices in found.items()
    ]


def _bounds(region: Region, shape: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    told = [it.indices(size)[:2] for it, size in zip(region, shape, strict=False)]
    return (*told, *((0, size) for size in shape[len(told) :]))
