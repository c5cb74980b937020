"""Copies of tensors that no cut file turns into a signal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastckpt.reading.checkpoint import Checkpoint

__all__ = ["read_steadily"]


def read_steadily(
    checkpoint: Checkpoint,
    name: str,
    region: Any = None,
    threads: int | None = None,
    *,
    is_checked: bool = False,
) -> NDArray[Any]:
    """Copies what ``Checkpoint.read`` does; bytes are read, never taken from a mapping.

    So does whatever is done with a checkpoint that a caller has opened: its files may
    be cut in the middle, which is an error here, and would end the process there.

    Args:
        checkpoint: An open checkpoint.
        name: A tensor that it has.
        region: As in ``Checkpoint.read``.
        threads: As in ``Checkpoint.read``.
        is_checked: Whether the caller knows that the tensor is right, or will see.

    Raises:
        CorruptionError, UnsupportedError, OSError: As ``Checkpoint.read``.
    """
    count = checkpoint._count(threads)
    return checkpoint._reader.read(name, region, count, True, is_checked)
