"""The values of a graph's variables, from the checkpoint that belongs to the graph."""

from __future__ import annotations

import dataclasses
import math
import warnings
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from fastckpt.base.callers import callers_level
from fastckpt.errors import MissingKeyError
from fastckpt.graph.meta_graph import MetaGraph
from fastckpt.graph.names import find_close
from fastckpt.graph.variables import GraphVariable
from fastckpt.reading.steady import read_steadily

if TYPE_CHECKING:
    from fastckpt.reading.checkpoint import Checkpoint

__all__ = ["check_variable", "make_fetch", "use_averages"]

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
            array = _cast(array, dtype, variable)
        return array.reshape(shape)

    return fetch


def _cast(array: Array, dtype: np.dtype[Any], variable: GraphVariable) -> Array:
    """Casts as the graph does when it restores.

    Warns:
        UserWarning: Values do not come through as they are.
    """
    with np.errstate(all="ignore"):
        made = array.astype(dtype)
        same = made.astype(array.dtype) == array
        rounded = int(np.count_nonzero(~(same | _is_nan(made) & _is_nan(array))))
    if rounded:
        warnings.warn(
            f"variable {variable.name!r} is {variable.tf_dtype} in the graph, which "
            f"casts its tensor {variable.checkpoint_name!r} ({array.dtype}) when it "
            f"restores: {rounded} of {array.size} values are rounded in the frozen "
            "graph, too",
            UserWarning,
            stacklevel=callers_level(),
        )
    return made


def _is_nan(array: Array) -> Array:
    return np.asarray(array != array)


def use_averages(
    meta: MetaGraph, variables: Mapping[str, GraphVariable]
) -> dict[str, GraphVariable]:
    """Gives variables with the tensors of their averages, where they have one.

    Raises:
        ValueError: the graph does not tell which averages there are.
    """
    try:
        restored = meta.variables_to_restore()
    except ValueError as error:
        raise ValueError(
            f"averages: {error}. Or save what MetaGraph.variables_to_restore() names "
            "with these arguments, and freeze that checkpoint with this graph"
        ) from None
    averages = {each.checkpoint_name: each for each in meta.variables.values()}
    used = {}
    for name, variable in variables.items():
        tensor = restored.get(name, variable.checkpoint_name)
        average = averages.get(tensor)
        via = variable.via if average is None else average.via
        used[name] = dataclasses.replace(variable, checkpoint_name=tensor, via=via)
    return used


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
