"""``load``: open, load and close in one call."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from fastckpt.base.progress import ProgressArgument
from fastckpt.reading.checkpoint import open
from fastckpt.reading.requests import Copy

if TYPE_CHECKING:
    from fastckpt.base.cast import DType

__all__ = ["load"]


def load(
    path: str | bytes | os.PathLike[Any],
    names: Iterable[str] | Mapping[str, str] | None = None,
    *,
    drop: Iterable[str] = (),
    copy: Copy = False,
    out: Mapping[str, np.ndarray] | None = None,
    dtype: DType | Mapping[str, DType] | None = None,
    threads: int | None = None,
    progress: ProgressArgument = None,
    **options: Any,
) -> dict[str, np.ndarray]:
    """Opens a checkpoint, loads tensors, and closes it.

    Args:
        path: What ``open`` accepts.
        names, drop, copy, out, dtype, threads, progress: As in ``Checkpoint.load``.
        options: ``verify``, ``io``, ``max_index_bytes``, ``storage_options``: as in
            ``open``.

    Returns:
        As ``Checkpoint.load``: views keep their file mapped for as long as they live.

    Raises as ``open`` and ``Checkpoint.load``.
    """
    with open(path, threads=threads, **options) as checkpoint:
        return checkpoint.load(
            names, drop=drop, copy=copy, out=out, dtype=dtype, progress=progress
        )
