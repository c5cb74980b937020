"""``CheckpointReader``: for torch.distributed.checkpoint, shard by shard."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from fastckpt.base.deferred import importing
from fastckpt.base.names import missing
from fastckpt.reading.checkpoint import Checkpoint, open
from fastckpt.reading.options import Verify
from fastckpt.torch.dtypes import array_of, has_form, tensor_of

__all__ = ["CheckpointReader"]


class CheckpointReader:
    """A ``StorageReader``: each process reads the byte ranges of its shards.

    Where processes load together, what cannot be opened is told by ``load``, in every
    process: an error here, in one of them, would leave the others waiting.

    Args:
        path: What ``fastckpt.open`` accepts.
        rules: {name in the checkpoint: name in the state dict}; other names stay.
        verify: As in ``fastckpt.open``: "whole" checks what is read in full.

    Raises:
        TypeError: ``rules`` are no mapping.
        ImportError: torch is not installed.
        As ``fastckpt.open``, and KeyError where a rule fits no tensor: in a process
        that loads alone.
    """

    def __init__(
        self,
        path: str | bytes | os.PathLike[Any],
        rules: Mapping[str, str] | None = None,
        verify: Verify = "whole",
    ) -> None:
        with importing:
            from torch.distributed.checkpoint import StorageReader

        StorageReader.register(CheckpointReader)
        if rules is not None and not isinstance(rules, Mapping):
            raise TypeError("rules are {name in the checkpoint: name in the state}")
        self._rules = dict(rules or {})
        self._verify = verify
        self._checkpoint: Checkpoint | None = None
        self._error: Exception | None = None
        self._sources: dict[str, str] = {}
        self._open(path)

    def _open(self, path: Any) -> None:
        """Opens a checkpoint, or keeps the error for all processes to learn of it."""
        self._checkpoint = self._error = None
        try:
            checkpoint = open(path, verify=self._verify)
            self._sources = self._rename(checkpoint)
            self._checkpoint = checkpoint
        except Exception as error:
            if not _is_together():
                raise
            self._error = error

    def _rename(self, checkpoint: Checkpoint) -> dict[str, str]:
        """Gives {name in the state dict: name in the checkpoint}."""
        for source in self._rules:
            if source not in checkpoint:
                raise missing(source, lambda: list(checkpoint))
        sources: dict[str, str] = {}
        for name in checkpoint:
            target = self._rules.get(name, name)
            if target in sources:
                raise ValueError(
                    f"{sources[target]!r} and {name!r} would both become {target!r}"
                )
            sources[target] = name
        return sources

    def _opened(self) -> Checkpoint:
        if self._error is not None:
            raise self._error
        assert self._checkpoint is not None
        return self._checkpoint

    # What torch.distributed.checkpoint calls, in this order.

    @classmethod
    def validate_checkpoint_id(cls, checkpoint_id: Any) -> bool:
        """Tells whether something might name a checkpoint."""
        return isinstance(checkpoint_id, str | bytes | os.PathLike)

    def reset(self, checkpoint_id: Any = None) -> None:
        """Opens another checkpoint, if one is given."""
        if checkpoint_id is not None:
            self._open(checkpoint_id)

    # Without keyword arguments: where they are taken, torch falls back to metadata of
    # one rank, whose errors the others never learn of.
    def read_metadata(self) -> Any:
        """Gives shapes, dtypes and chunks; what torch cannot hold is not there."""
        with importing:
            from torch.distributed.checkpoint.metadata import Metadata

        checkpoint = self._opened()
        held = {
            target: checkpoint.info(source)
            for target, source in self._sources.items()
            if has_form(checkpoint.info(source).dtype)
        }
        return Metadata({target: _describe(info) for target, info in held.items()})

    def set_up_storage_reader(self, metadata: Any, is_coordinator: bool) -> None:
        """Nothing is to be set up."""

    def prepare_local_plan(self, plan: Any) -> Any:
        """Gives the plan as it is: regions are known when they are read."""
        return plan

    def prepare_global_plan(self, plans: list[Any]) -> list[Any]:
        """Gives the plans as they are: processes read what is theirs."""
        return plans

    def read_data(self, plan: Any, planner: Any) -> Any:
        """Reads what a plan asks for, straight into the tensors where they allow it."""
        with importing:
            from torch.futures import Future

        checkpoint = self._opened()
        direct, others = [], []
        for item in plan.items:
            name = self._sources[item.storage_index.fqn]
            target = planner.resolve_tensor(item).detach()
            region = _region_of(item, checkpoint.info(name).shape)
            out = _memory_of(target, checkpoint.info(name).dtype)
            if out is None:
                others.append((name, region, target))
            else:
                direct.append((name, region, out))
        checkpoint.read_many(direct)
        for name, region, target in others:
            target.copy_(tensor_of(checkpoint.read(name, region)))
        for item in plan.items:
            planner.commit_tensor(item, planner.resolve_tensor(item).detach())
        done: Any = Future()
        done.set_result(None)
        return done


def _is_together() -> bool:
    with importing:
        from torch import distributed

    return bool(distributed.is_available() and distributed.is_initialized())


def _describe(info: Any) -> Any:
    """Gives what torch's planner wants to know of a tensor."""
    with importing:
        import numpy as np
        import torch
        from torch.distributed.checkpoint import metadata as described

    dtype = tensor_of(np.empty(0, info.dtype)).dtype
    chunks = info.slices or (([0] * len(info.shape), info.shape),)
    return described.TensorStorageMetadata(
        described.TensorProperties(dtype=dtype),
        torch.Size(info.shape),
        [
            described.ChunkStorageMetadata(torch.Size(begin), torch.Size(extent))
            for begin, extent in chunks
        ],
    )


def _region_of(item: Any, shape: tuple[int, ...]) -> Any:
    """Gives which part of a tensor an item of a plan asks for; None: all of it."""
    if tuple(item.lengths) == shape:
        return None
    chunk = item.storage_index.offset or [0] * len(shape)
    begins = [sum(pair) for pair in zip(chunk, item.storage_offsets, strict=True)]
    pairs = zip(begins, item.lengths, strict=True)
    return tuple(slice(begin, begin + length) for begin, length in pairs)


def _memory_of(target: Any, dtype: Any) -> Any:
    """Gives the array to read into, if a tensor's memory can take the values."""
    if target.device.type != "cpu" or target.is_conj() or target.is_neg():
        return None
    array = array_of(target)
    return array if array is not None and array.dtype == dtype else None
