"""What a process reads: each distinct region once, in memory that JAX may keep."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fastckpt.base.cast import Losses
from fastckpt.jax.dtypes import narrowed
from fastckpt.jax.memory import Form, allocate
from fastckpt.jax.placement import Placed
from fastckpt.reading.casts import load_as

if TYPE_CHECKING:
    from fastckpt._native import Progress
    from fastckpt.reading.casts import Targets
    from fastckpt.reading.checkpoint import Checkpoint

__all__ = ["ShardReader"]


class ShardReader:
    """Reads the parts of tensors, cast where that was asked for.

    The arrays are aligned memory of their own, which devices of the CPU take as it is;
    never views: what happens to a file later must not change an array of JAX.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        targets: Targets,
        losses: Losses,
        counter: Progress | None,
    ) -> None:
        self._reader = checkpoint._reader
        self._threads = checkpoint._threads
        self._targets = targets
        self._losses = losses
        self._counter = counter

    def read(self, placed: Sequence[Placed]) -> list[list[np.ndarray]]:
        """Gives the values of the parts of each tensor."""
        whole = [it.slot for it in placed if _has_whole(it)]
        divided = [it for it in placed if it.parts and not _has_whole(it)]
        found = self._read_whole(whole)
        parts = self._read_parts(divided)
        return [
            [found[it.slot]] if _has_whole(it) else next(parts) if it.parts else []
            for it in placed
        ]

    def dtype_of(self, slot: int) -> np.dtype[Any]:
        """Gives the dtype of a tensor's values as ``read`` gives them."""
        return self._target_of(slot) or self._stored(slot)

    def _target_of(self, slot: int) -> np.dtype[Any] | None:
        return self._targets(slot) or narrowed(self._stored(slot))

    def _stored(self, slot: int) -> np.dtype[Any]:
        stored = self._reader.info(slot).dtype
        assert stored is not None
        return stored

    def _read_whole(self, slots: list[int]) -> dict[int, np.ndarray]:
        """Gives whole tensors, checked and copied in one pass, by their slots."""
        slots = list(dict.fromkeys(slots))
        names = [self._reader.info(slot).name for slot in slots]
        found = load_as(
            self._reader,
            names,
            slots,
            self._target_of,
            True,
            None,
            self._threads,
            self._counter,
            self._losses,
        )
        return dict(zip(slots, found.values(), strict=True))

    def _read_parts(self, placed: list[Placed]) -> Iterator[list[np.ndarray]]:
        """Gives the parts of tensors, all read in one pass in the files' order."""
        forms = [
            [Form(part.shape_in(it.shape), self._stored(it.slot)) for part in it.parts]
            for it in placed
        ]
        arrays = list(allocate(forms))
        requests = [
            (it.slot, part.region, out)
            for it, own in zip(placed, arrays, strict=True)
            for part, out in zip(it.parts, own, strict=True)
        ]
        self._reader.read_into(requests, self._threads, self._counter, False)
        for it, own in zip(placed, arrays, strict=True):
            target = self._target_of(it.slot)
            yield [self._cast(it.slot, values, target) for values in own]

    def _cast(
        self, slot: int, values: np.ndarray, dtype: np.dtype[Any] | None
    ) -> np.ndarray:
        return self._losses.cast(self._reader.info(slot).name, values, dtype)


def _has_whole(placed: Placed) -> bool:
    """Tells whether a tensor is read in full; then that is its only part."""
    return any(part.region is None for part in placed.parts)
