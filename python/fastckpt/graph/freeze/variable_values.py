"""The values of a graph's variables, from the checkpoint that belongs to the graph."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from fastckpt.errors import MissingKeyError
from fastckpt.graph.names import find_close
from fastckpt.graph.variables import GraphVariable
from fastckpt.reading.steady import read_steadily

if TYPE_CHECKING:
    from fastckpt.reading.checkpoint import Checkpoint

__all__ = ["check_variable", "make_fetch"]

Array = np.ndarray[Any, Any]


def check_variable(checkpoint: Checkpoint, variable: GraphVariable) -> tuple[int, ...]:
    """Checks that the checkpoint has a variable's value; gives the value's shape.

    Raises:
        KeyError: the checkpoint lacks the tensor, or the variable is not saved.
        ValueError: the tensor has another type or shape.
    """
    name = variable.checkpoint_name
    if name is None:
        raise MissingKeyError(
            f"the outputs need variable {variable.name!r}, which the graph's saver "
            f"does not save; {_SAY_HOW}"
        )
    if name not in checkpoint:
        close = find_close(name, checkpoint)
        raise MissingKeyError(
            f"the outputs need variable {variable.name!r}, but the checkpoint has no "
            f"tensor {name!r}{f'{close} Otherwise' if close else ';'} {_SAY_HOW}"
        )
    info = checkpoint.info(name)
    if info.tf_dtype != variable.tf_dtype and "Cast" not in variable.via:
        raise _mismatch(variable, f"type {info.tf_dtype}", variable.tf_dtype)
    shape = tuple(info.shape)
    if variable.slice is not None:
        if variable.slice.full_shape != shape:
            raise _mismatch(variable, f"shape {shape}", variable.slice.full_shape)
        shape = variable.slice.extent
    if "Reshape" in variable.via and variable.shape is not None:
        known = tuple(dim for dim in variable.shape if dim is not None)
        is_same_size = math.prod(known) == math.prod(shape)
        if len(known) == len(variable.shape) and is_same_size:
            return known
    if not _fits(shape, variable.shape):
        raise _mismatch(variable, f"shape {shape}", variable.shape)
    return shape


def make_fetch(
    checkpoint: Checkpoint, variable: GraphVariable, shape: tuple[int, ...]
) -> Callable[[], Array]:
    """Gives what fetches a copy of a variable's value."""

    def fetch() -> Array:
        name = str(variable.checkpoint_name)
        if variable.slice is None:
            array = read_steadily(checkpoint, name)
        else:
            array = read_steadily(checkpoint, name, variable.slice.region)
        dtype = variable.dtype
        if dtype is not None and array.dtype != dtype:
            array = array.astype(dtype)
        return array.reshape(shape)

    return fetch


_SAY_HOW = "leave the variable as it is (blacklist), or choose other outputs"


def _fits(shape: tuple[int, ...], wanted: tuple[int | None, ...] | None) -> bool:
    if wanted is None:
        return True
    return len(shape) == len(wanted) and all(
        there == dim or dim is None for there, dim in zip(shape, wanted, strict=True)
    )


def _mismatch(variable: GraphVariable, found: str, expected: object) -> ValueError:
    return ValueError(
        f"variable {variable.name!r} is {expected} in the graph, but its tensor "
        f"{variable.checkpoint_name!r} in the checkpoint has {found}; the graph and "
        "the checkpoint do not belong together"
    )
