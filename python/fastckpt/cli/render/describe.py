"""Checkpoints and tensors as plain values, as ``--json`` shows them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import numpy as np

import fastckpt
from fastckpt import Checkpoint, TensorInfo

__all__ = ["describe_tensor", "find_damaged", "sum_tensors", "summarize"]


def sum_tensors(infos: Sequence[TensorInfo]) -> dict[str, int]:
    """Gives the totals over tensors; what is not known counts as nothing."""
    sound = [info for info in infos if info.problem is None]
    return {
        "tensors": len(infos),
        "values": sum(math.prod(info.shape) for info in sound),
        "nbytes": sum(info.nbytes or 0 for info in sound),
    }


def summarize(checkpoint: Checkpoint, infos: Sequence[TensorInfo]) -> dict[str, Any]:
    """Gives what a checkpoint is, and the totals over some of its tensors."""
    return {
        "path": checkpoint.path,
        "format": checkpoint.format,
        "total": sum_tensors(infos),
    }


def find_damaged(
    checkpoint: Checkpoint, infos: Iterable[TensorInfo]
) -> list[TensorInfo]:
    """Gives the tensors about which the index is wrong.

    What is legal but has no form outside TensorFlow (variants) is not among them.
    """
    return [
        info
        for info in infos
        if info.problem is not None and _is_corrupt(checkpoint, info.name)
    ]


def _is_corrupt(checkpoint: Checkpoint, name: str) -> bool:
    try:
        checkpoint.byte_runs(name)
    except fastckpt.CorruptionError:
        return True
    except fastckpt.CheckpointError:
        return False
    return False


@cache
def _name_dtype(dtype: np.dtype[Any]) -> str:
    """Gives a dtype's name, which NumPy takes long to make."""
    return str(dtype)


def describe_tensor(info: TensorInfo) -> dict[str, Any]:
    """Gives what the index says of a tensor; ``dtype`` is TensorFlow's name."""
    dtype = info.dtype
    return {
        "name": info.name,
        "dtype": info.tf_dtype,
        "numpy_dtype": None if dtype is None else _name_dtype(dtype),
        "shape": info.shape,
        "nbytes": info.nbytes,
        "shard": info.shard,
        "offset": info.offset,
        "crc32c": info.crc32c,
        "slices": [{"begin": begin, "extent": extent} for begin, extent in info.slices],
        "is_view": info.is_view,
        "problem": info.problem,
    }
