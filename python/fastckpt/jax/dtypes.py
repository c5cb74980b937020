"""What JAX holds: 64-bit types only where its users say so.

Without ``jax_enable_x64`` JAX makes 64-bit numbers 32-bit ones without a check.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from fastckpt.base.deferred import importing
from fastckpt.base.names import list_some
from fastckpt.reading.holding import drop_of

if TYPE_CHECKING:
    from fastckpt.reading.casts import Targets
    from fastckpt.reading.checkpoint import Checkpoint

__all__ = ["check_held", "has_x64", "narrowed"]

_NARROW = {"int64": np.dtype(np.int32), "uint64": np.dtype(np.uint32)}
_WIDE = ("float64", "complex128")
_SET = 'set it (jax.config.update("jax_enable_x64", True))'


def has_x64() -> bool:
    """Tells whether JAX holds 64-bit types now, in this thread."""
    with importing:
        import jax

    return bool(jax.config.jax_enable_x64)


def narrowed(dtype: np.dtype[Any]) -> np.dtype[Any] | None:
    """Gives what integers of a dtype become without x64; None: they stay."""
    return None if has_x64() else _NARROW.get(dtype.name)


def check_held(checkpoint: Checkpoint, slots: Iterable[int], targets: Targets) -> None:
    """Checks that JAX holds tensors as they are, or as what they are cast to.

    What 64-bit integers are is read for that, in every process.

    Raises:
        ValueError: It does not; all such tensors are told, and what to do.
    """
    if has_x64():
        return
    wide: dict[str, str] = {}
    large: list[str] = []
    for slot in dict.fromkeys(slots):
        info = checkpoint._reader.info(slot)
        dtype = targets(slot) or info.dtype
        assert dtype is not None
        if dtype.name in _WIDE:
            wide[info.name] = dtype.name
        elif dtype.name in _NARROW and not _fits(checkpoint, slot, dtype):
            large.append(info.name)
    if wide:
        kinds = " and ".join(sorted(set(wide.values())))
        cast = ', cast floats (dtype="float32")' if "float64" in wide.values() else ""
        raise ValueError(
            f"without jax_enable_x64 JAX has no {kinds}: {list_some([*wide])}; {_SET}"
            f"{cast}, or leave out: drop={drop_of([*wide], checkpoint._reader)}"
        )
    if large:
        raise ValueError(
            "without jax_enable_x64 JAX has 32 bits for integers, which values of "
            f"{list_some(large)} do not fit; {_SET}, or leave them out: "
            f"drop={drop_of(large, checkpoint._reader)}"
        )


def _fits(checkpoint: Checkpoint, slot: int, dtype: np.dtype[Any]) -> bool:
    threads = checkpoint._threads
    values = checkpoint._reader.take([slot], threads, None)[0]
    limits = np.iinfo(_NARROW[dtype.name])
    if not values.size:
        return True
    return int(values.min()) >= limits.min and int(values.max()) <= limits.max
