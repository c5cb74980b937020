"""Checkpoints and tensors as plain values, as ``--json`` shows them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from fastckpt import Checkpoint, TensorInfo

__all__ = ["count_values", "describe_tensor", "sum_tensors", "summarize"]


def count_values(info: TensorInfo) -> int:
    """Gives the number of elements of a tensor."""
    return math.prod(info.shape)


def sum_tensors(infos: Sequence[TensorInfo]) -> dict[str, int]:
    """Gives the totals over tensors; sizes that are not known count as nothing."""
    return {
        "tensors": len(infos),
        "values": sum(map(count_values, infos)),
        "nbytes": sum(info.nbytes or 0 for info in infos),
    }


def summarize(checkpoint: Checkpoint, infos: Sequence[TensorInfo]) -> dict[str, Any]:
    """Gives what a checkpoint is, and the totals over some of its tensors."""
    return {
        "path": checkpoint.path,
        "format": checkpoint.format,
        "total": sum_tensors(infos),
    }


def describe_tensor(info: TensorInfo) -> dict[str, Any]:
    """Gives what the index says of a tensor; ``dtype`` is TensorFlow's name."""
    return {
        "name": info.name,
        "dtype": info.tf_dtype,
        "numpy_dtype": None if info.dtype is None else str(info.dtype),
        "shape": list(info.shape),
        "nbytes": info.nbytes,
        "shard": info.shard,
        "offset": info.offset,
        "crc32c": info.crc32c,
        "slices": [
            {"begin": list(begin), "extent": list(extent)}
            for begin, extent in info.slices
        ],
        "is_view": info.is_view,
    }
