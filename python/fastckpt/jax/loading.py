"""``load``: tensors of a checkpoint as JAX arrays, each shard where it belongs."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from fastckpt.base.callers import callers_level
from fastckpt.base.cast import Losses
from fastckpt.base.deferred import importing
from fastckpt.base.progress import ProgressArgument, watch
from fastckpt.formats.refusals import require
from fastckpt.jax.dtypes import check_held
from fastckpt.jax.placement import Placed, ShardingArgument, place
from fastckpt.jax.shards import ShardReader
from fastckpt.jax.trees import check_tree, nest
from fastckpt.reading import casts
from fastckpt.reading.checkpoint import Checkpoint, open
from fastckpt.reading.holding import Library, choose_held, warn_of_graph

if TYPE_CHECKING:
    from fastckpt._native import Progress
    from fastckpt.base.cast import DType
    from fastckpt.reading.options import Verify

__all__ = ["load"]

#: It takes all dtypes of numbers that NumPy and ml_dtypes have.
_JAX = Library("JAX", "arrays", lambda dtype: True)

#: How much is read before it goes to devices that have memory of their own: enough
#: for all threads, and all that the host holds besides the files' pages.
_GROUP_BYTES = 256 << 20


def load(
    path: str | bytes | os.PathLike[Any],
    names: Iterable[str] | Mapping[str, str] | None = None,
    drop: Iterable[str] = (),
    sharding: ShardingArgument = None,
    dtype: DType | Mapping[str, DType] | None = None,
    nested: bool = False,
    verify: Verify | None = None,
    *,
    threads: int | None = None,
    progress: ProgressArgument = None,
    storage_options: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Loads tensors as JAX arrays; each process reads what its devices need.

    Args:
        path: What ``fastckpt.open`` accepts.
        names, drop, threads, progress: As in ``Checkpoint.load``.
        sharding: None: the default device. A ``jax.sharding.Sharding`` for all; {name
            or pattern: Sharding}, of which the first that fits counts and what none
            fits is on the default device; or a function (name, shape) -> Sharding, or
            None. Names are those in the checkpoint. Called alike in every process.
        dtype: As in ``Checkpoint.load``, ``jnp.bfloat16`` too: floating tensors are
            cast, rounded as NumPy and ml_dtypes do.
        nested: Gives a pytree of dicts: of TensorFlow 2's objects where the checkpoint
            has their graph, else of the names split at "/"; with a mapping of names,
            of the names wanted.
        storage_options: As in ``fastckpt.open``.
        verify: As in ``open``; None with a sharding is "whole": of a tensor of which
            this process needs a part, only that part is read, and not checked.

    Returns:
        {name: jax.Array}, or nested dicts. COPIES: nothing that happens to the files
        later changes them. On CPU devices the replicas of one process share memory.

    Raises:
        KeyError: A name or pattern, of ``sharding`` and ``dtype`` too, fits nothing.
        TypeError: JAX has no arrays of strings, resources and variants: says what to
            leave out; a sharding is none.
        ValueError: Without ``jax_enable_x64``: float64, complex128, and integers that
            do not fit 32 bits; others of 64 bits become 32-bit exactly, decided from
            the whole tensor. A shape that a sharding does not divide. Names that make
            no tree.
        ImportError: JAX is not installed.
        CorruptionError, UnsupportedError, OSError: As ``open``.

    Warns:
        UserWarning: The object graph, which is a string, was left out, as no names
            were given.
        RuntimeWarning: ``dtype`` could not hold some numbers of this process.

    Threads: safe. Nothing here waits for another process.
    """
    require("jax")
    checked = "whole" if verify is None and sharding is not None else verify
    with open(
        path, verify=checked, threads=threads, storage_options=storage_options
    ) as checkpoint:
        targets = casts.choose_targets(checkpoint._reader, dtype)
        slots, loses_graph = choose_held(checkpoint._reader, names, drop, targets, _JAX)
        tree = check_tree(checkpoint, slots, names) if nested else None
        check_held(checkpoint, slots.values(), targets)
        placed = place(checkpoint, slots, sharding)
        losses = Losses()
        with watch(progress) as counter:
            arrays = _load(checkpoint, placed, targets, losses, counter)
        losses.warn(callers_level() + 1)
        if loses_graph:
            warn_of_graph(_JAX, callers_level() + 1)
        return arrays if tree is None else nest(tree, arrays)


def _load(
    checkpoint: Checkpoint,
    placed: list[Placed],
    targets: casts.Targets,
    losses: Losses,
    counter: Progress | None,
) -> dict[str, Any]:
    with importing:
        import jax

    reader = ShardReader(checkpoint, targets, losses, counter)
    arrays: dict[str, Any] = {}
    for group in _groups(placed):
        parts = reader.read(group)
        made = [
            it.make(own, reader.dtype_of(it.slot))
            for it, own in zip(group, parts, strict=True)
        ]
        del parts
        # A device that has memory of its own is done with the host's then.
        jax.block_until_ready(made)
        arrays.update(zip((it.name for it in group), made, strict=True))
    return arrays


def _groups(placed: list[Placed]) -> Iterator[list[Placed]]:
    group: list[Placed] = []
    size = 0
    for it in placed:
        if group and size + it.nbytes > _GROUP_BYTES:
            yield group
            group, size = [], 0
        group.append(it)
        size += it.nbytes
    if group:
        yield group
