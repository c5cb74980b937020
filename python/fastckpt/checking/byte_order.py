"""Values whose byte order nothing proves, where no header of an index is left."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastckpt import TensorInfo

__all__ = ["doubt_order"]


def doubt_order(
    unproved: dict[str, str], infos: Iterable[TensorInfo]
) -> dict[str, str]:
    """Adds the tensors of more than one byte an element to what is unproved.

    A string tensor that is sound proves the order: its lengths have a checksum of
    their own, which is taken over integers.

    Args:
        unproved: What is not proved of tensors besides.
        infos: All that were found to be sound.
    """
    infos = list(infos)
    if any(_tells_order(info) for info in infos):
        return unproved
    wide = [
        info.name for info in infos if info.dtype is None or info.dtype.itemsize > 1
    ]
    named = {name: _add_order(unproved.get(name, "")) for name in wide}
    return dict(sorted({**unproved, **named}.items()))


def _add_order(what: str) -> str:
    return f"{what.replace(' and ', ', ')} and byte order" if what else "byte order"


def _tells_order(info: TensorInfo) -> bool:
    """Tells whether it has a string that is not empty: 0 is the same in any order."""
    if info.tf_dtype != "string" or info.nbytes is None:
        return False
    # A byte for each length, and the checksum.
    return info.nbytes > prod(info.shape) + 4
