"""Copies of tensors for what goes on: checked, and never cut short by a signal."""

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
    check: bool | None = True,
) -> NDArray[Any]:
    """Copies what ``Checkpoint.read`` does; bytes are read, never taken from a mapping.

    So does whatever is done with a checkpoint that a caller has opened: its files may
    be cut in the middle, which is an error here, and would end the process there.
    What a caller opened without checks is checked here all the same: damage that is
    written on gets a checksum that fits, and nobody ever finds it again.

    Args:
        checkpoint: An open checkpoint.
        name: A tensor that it has.
        region: As in ``Checkpoint.read``.
        threads: As in ``Checkpoint.read``.
        check: Whether the bytes are checked; False: the caller knows that they are
            right, or will see; None: as the checkpoint was opened, for those who
            write nothing.

    Raises:
        CorruptionError, UnsupportedError, OSError: As ``Checkpoint.read``.
    """
    count = checkpoint._count(threads)
    return checkpoint._reader.read(name, region, count, True, check)
