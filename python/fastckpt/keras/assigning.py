"""Values into variables: all of them, or the model is as it was."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastckpt.base.cast import is_floating, to_dtype
from fastckpt.base.deferred import importing
from fastckpt.keras.fitting import Assignment

__all__ = ["assign", "cast_for"]


def cast_for(values: np.ndarray[Any, Any], name: str, key: str) -> np.ndarray[Any, Any]:
    """Gives values as a variable of a dtype takes them.

    Raises:
        ValueError: The kinds of the types differ, or a value does not fit.
    """
    target = to_dtype(name)
    own = values.dtype
    if target == own:
        return values
    if not (is_floating(own) and is_floating(target)) and not (
        own.kind in "iu" and target.kind in "iu"
    ):
        raise ValueError(
            f"{key!r} is {own} in the checkpoint and {name} in the model; nothing was "
            "loaded"
        )
    with np.errstate(over="ignore", invalid="ignore"):
        cast = values.astype(target)
    is_held = (
        np.array_equal(cast, values)
        if own.kind in "iu"
        else np.array_equal(np.isfinite(cast), np.isfinite(values))
    )
    if not is_held:
        raise ValueError(
            f"{key!r} has {own} values that {name}, the dtype of the model, cannot "
            "hold; nothing was loaded"
        )
    return cast


def _is_foreign(dtype: np.dtype[Any]) -> bool:
    """Tells whether a dtype is none of NumPy's own."""
    return dtype.type.__module__ != "numpy"


def assign(
    model: Any,
    assignments: Sequence[Assignment],
    values: Sequence[np.ndarray[Any, Any]],
) -> None:
    """Puts values into the variables of a model, or raises and has changed nothing."""
    with importing:
        import keras

    old: list[np.ndarray[Any, Any]] = []
    try:
        for it, value in zip(assignments, values, strict=True):
            own = keras.ops.convert_to_numpy(it.variable.value)
            old.append(np.array(own))
            it.variable.assign(_plain(value))
        _settle(model)
    except BaseException:
        for it, value in zip(assignments, old, strict=False):
            it.variable.assign(_plain(value))
        _settle(model)
        raise


def _plain(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Gives floats of kinds that not every backend takes from NumPy as float32."""
    return values.astype(np.float32) if _is_foreign(values.dtype) else values


def _settle(model: Any) -> None:
    """Lets layers make anew what they had made of their weights."""
    with importing:
        import keras

    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()
