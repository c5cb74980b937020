"""``CheckpointReader``: for torch.distributed.checkpoint, shard by shard."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from fastckpt.base.callers import callers_level
from fastckpt.base.cast import Losses, check_cast
from fastckpt.base.deferred import importing
from fastckpt.base.names import missing
from fastckpt.editing.strip import find_training_state
from fastckpt.matching.pair import Pair
from fastckpt.matching.parts import Box, list_chunks, read_box
from fastckpt.matching.rules import Rules
from fastckpt.matching.spread import spread
from fastckpt.reading.checkpoint import Checkpoint, open
from fastckpt.reading.options import Verify
from fastckpt.reading.requests import read_many
from fastckpt.torch.dtypes import array_of, find_numpy, has_form, tensor_of

__all__ = ["CheckpointReader"]


class CheckpointReader:
    """A ``StorageReader``: each process reads the byte ranges of its shards.

    Where processes load together, what cannot be opened is told by ``load``, in every
    process: an error here, in one of them, would leave the others waiting.

    Args:
        path: What ``fastckpt.open`` accepts.
        rules: ``fastckpt.Rules``, transforms too; or {name in the checkpoint: name in
            the state dict}. Names that they do not fit stay.
        verify: As in ``fastckpt.open``: "whole" checks what is read in full.
        storage_options: As there; of what ``reset`` opens, too.

    Raises:
        TypeError: ``rules`` are neither.
        ValueError: They do not fit the checkpoint, in a process that loads alone.
        ImportError: torch is not installed.
        As ``fastckpt.open``, and KeyError where a rule fits no tensor: in a process
        that loads alone.
    """

    def __init__(
        self,
        path: str | bytes | os.PathLike[Any],
        rules: Rules | Mapping[str, str] | None = None,
        verify: Verify = "whole",
        *,
        storage_options: Mapping[str, Any] | None = None,
    ) -> None:
        with importing:
            from torch.distributed.checkpoint import StorageReader

        StorageReader.register(CheckpointReader)
        if rules is not None and not isinstance(rules, Mapping | Rules):
            raise TypeError(
                "rules are fastckpt.Rules or {name in the checkpoint: name in the "
                f"state dict}}, not {rules!r}"
            )
        self._rules = rules
        self._verify = verify
        self._storage_options = storage_options
        self._checkpoint: Checkpoint | None = None
        self._error: Exception | None = None
        self._pairs: dict[str, Pair] = {}
        self._open(path)

    def _open(self, path: Any) -> None:
        """Opens a checkpoint, or keeps the error for all processes to learn of it."""
        self._checkpoint = self._error = None
        try:
            checkpoint = open(
                path, verify=self._verify, storage_options=self._storage_options
            )
            self._pairs = _find_pairs(checkpoint, self._rules)
            self._checkpoint = checkpoint
        except Exception as error:
            if not _is_together():
                raise
            self._error = error

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
            target: [checkpoint.info(source) for source in pair.sources]
            for target, pair in self._pairs.items()
        }
        return Metadata(
            {
                target: _describe(self._pairs[target], infos)
                for target, infos in held.items()
                if has_form(infos[0].dtype)
            }
        )

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
        targets = [planner.resolve_tensor(item).detach() for item in plan.items]
        direct, others = [], []
        for item, target in zip(plan.items, targets, strict=True):
            pair = self._pairs[item.storage_index.fqn]
            out = None
            if pair == Pair(pair.sources[:1]):
                out = _memory_of(target, checkpoint.info(pair.sources[0]).dtype)
            if out is None:
                others.append((pair, _box_of(item), target))
            else:
                region = _region(_box_of(item), checkpoint.info(pair.sources[0]).shape)
                direct.append((pair.sources[0], region, out))
        losses = Losses()
        made = [
            (target, _cast(pair, _read(checkpoint, pair, box), target, losses))
            for pair, box, target in others
        ]
        # As other readers leave them, what was read before damage was found stays.
        requests = [
            (checkpoint._slot(name), region, out) for name, region, out in direct
        ]
        read_many(
            checkpoint._reader,
            requests,
            checkpoint._threads,
            None,
            checks_first=False,
        )
        for target, values in made:
            target.copy_(tensor_of(values if values.flags.writeable else values.copy()))
        losses.warn(callers_level() + 1)
        for item, target in zip(plan.items, targets, strict=True):
            planner.commit_tensor(item, target)
        done: Any = Future()
        done.set_result(None)
        return done


def _find_pairs(
    checkpoint: Checkpoint, rules: Rules | Mapping[str, str] | None
) -> dict[str, Pair]:
    """Gives {name in the state dict: how it comes about}."""
    if isinstance(rules, Rules):
        infos = {info.name: info for info in checkpoint.infos()}
        return spread(rules, infos, find_training_state(checkpoint))
    names = rules or {}
    for source in names:
        if source not in checkpoint:
            raise missing(source, lambda: list(checkpoint))
    pairs: dict[str, Pair] = {}
    for name in checkpoint:
        target = names.get(name, name)
        if target in pairs:
            raise ValueError(
                f"{pairs[target].sources[0]!r} and {name!r} would both become "
                f"{target!r}"
            )
        pairs[target] = Pair((name,))
    return pairs


def _cast(pair: Pair, values: Any, target: Any, losses: Losses) -> Any:
    """Gives values in a tensor's dtype; only floats may be rounded."""
    wanted = find_numpy(target.dtype)
    if wanted is None or wanted == values.dtype:
        return values
    check_cast(pair.sources[0], values.dtype, wanted)
    return losses.cast(pair.sources[0], values, wanted)


def _read(checkpoint: Checkpoint, pair: Pair, box: Box) -> Any:
    """Gives a box of what a pair makes."""
    shapes = [checkpoint.info(name).shape for name in pair.sources]

    def read(number: int, own: Box) -> Any:
        return checkpoint.read(pair.sources[number], _region(own, shapes[number]))

    return read_box(pair, shapes, box, read)


def _is_together() -> bool:
    with importing:
        from torch import distributed

    return bool(distributed.is_available() and distributed.is_initialized())


def _describe(pair: Pair, infos: Sequence[Any]) -> Any:
    """Gives what torch's planner wants to know of a tensor."""
    with importing:
        import numpy as np
        import torch
        from torch.distributed.checkpoint import metadata as described

    dtype = tensor_of(np.empty(0, infos[0].dtype)).dtype
    shapes = [info.shape for info in infos]
    shape = pair.shape_of(shapes)
    if infos[0].slices and pair == Pair(pair.sources[:1]):
        chunks = [*infos[0].slices]
    else:
        chunks = [
            ([low for low, _ in box], [high - low for low, high in box])
            for box in list_chunks(pair, shapes)
        ]
    return described.TensorStorageMetadata(
        described.TensorProperties(dtype=dtype),
        torch.Size(shape),
        [
            described.ChunkStorageMetadata(torch.Size(begin), torch.Size(extent))
            for begin, extent in chunks
        ],
    )


def _box_of(item: Any) -> Box:
    """Gives which part of a tensor an item of a plan asks for."""
    chunk = item.storage_index.offset or [0] * len(item.lengths)
    begins = [sum(pair) for pair in zip(chunk, item.storage_offsets, strict=True)]
    pairs = zip(begins, item.lengths, strict=True)
    return tuple((begin, begin + length) for begin, length in pairs)


def _region(box: Box, shape: tuple[int, ...]) -> Any:
    """Gives a box as ``Checkpoint.read`` takes it; None: all of a tensor."""
    if box == tuple((0, size) for size in shape):
        return None
    return tuple(slice(*bounds) for bounds in box)


def _memory_of(target: Any, dtype: Any) -> Any:
    """Gives the array to read into, if a tensor's memory can take the values."""
    if target.device.type != "cpu" or target.is_conj() or target.is_neg():
        return None
    array = array_of(target)
    return array if array is not None and array.dtype == dtype else None
