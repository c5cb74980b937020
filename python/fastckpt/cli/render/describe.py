"""Checkpoints and tensors as plain values, as ``--json`` shows them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import numpy as np

import fastckpt
from fastckpt import TensorInfo
from fastckpt.formats.lazy_tensors import ArrayInfo, LazyTensors, name_dtype
from fastckpt.formats.opened import Source

Info = TensorInfo | ArrayInfo
"""What a file says of a tensor: a checkpoint's index, or another format's header."""

__all__ = ["Info", "describe_tensor", "find_damaged", "sum_tensors", "summarize"]


def sum_tensors(infos: Sequence[Info]) -> dict[str, int]:
    """Gives the totals over tensors; what is not known counts as nothing."""
    sound = [info for info in infos if info.problem is None]
    return {
        "tensors": len(infos),
        "values": sum(math.prod(info.shape) for info in sound),
        "nbytes": sum(info.nbytes or 0 for info in sound),
    }


def summarize(checkpoint: Source, infos: Sequence[Info]) -> dict[str, Any]:
    """Gives what a checkpoint is, and the totals over some of its tensors."""
    return {
        "path": checkpoint.path,
        "format": checkpoint.format,
        "total": sum_tensors(infos),
    }


def find_damaged(checkpoint: Source, infos: Iterable[Info]) -> list[Info]:
    """Gives the tensors about which the index is wrong.

    What is legal but has no form outside TensorFlow (variants) is not among them.
    """
    return [
        info
        for info in infos
        if info.problem is not None and _is_corrupt(checkpoint, info.name)
    ]


def _is_corrupt(checkpoint: Source, name: str) -> bool:
    if isinstance(checkpoint, LazyTensors):
        return False
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


def describe_tensor(info: Info) -> dict[str, Any]:
    """Gives what is said of a tensor; ``dtype`` is TensorFlow's name, if it has one."""
    dtype = info.dtype
    return {
        "name": info.name,
        "dtype": name_dtype(info),
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
