"""``load_weights``: weights of TensorFlow's checkpoints in a Keras 3 model."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from fastckpt.formats.refusals import require
from fastckpt.keras.assigning import assign, cast_for
from fastckpt.keras.choosing import choose_root
from fastckpt.keras.fitting import Fit
from fastckpt.keras.model import check_model, list_weights
from fastckpt.keras.report import LoadReport
from fastckpt.keras.stored import StoredObjects
from fastckpt.reading.checkpoint import Checkpoint, open

__all__ = ["load_weights"]


def load_weights(
    model: Any,
    path: str | bytes | os.PathLike[Any],
    *,
    root: str | None = None,
    allow_partial: bool = False,
    storage_options: Mapping[str, Any] | None = None,
) -> LoadReport:
    """Loads what Keras 2 wrote for TensorFlow into a Keras 3 model of any backend.

    The edges of the checkpoint's object graph are followed as TensorFlow follows them:
    names of attributes, places in lists, ``layer_with_weights-N`` as the N-th layer
    with weights. Every weight of the model has to have its value, of its shape, every
    value its weight, and full names must not tell another class or order of layers.
    Else the model is as it was.

    Args:
        model: A model or layer of Keras 3 that has its weights: call it once before.
        path: What ``fastckpt.open`` accepts: of ``save_weights``, of
            ``tf.train.Checkpoint``, a SavedModel.
        root: The path of the model in the checkpoint, such as "model"; "" is its root.
            None: the root, or else the one object that fits.
        allow_partial: Loads the layers that fit whole, leaves the rest as it was and
            reports it. Where two lists differ in length, what follows the first
            difference is left.
        storage_options: As in ``fastckpt.open``.

    Returns:
        What was loaded, left and unused. Optimizers' variables, metrics, the state of
        random generators and what a stateful RNN remembers are no weights.

    Raises:
        ValueError: The model does not fit; the message says what differs. Several
            objects fit. The model has no weights yet. A value has no place in the
            variable's dtype.
        TypeError: ``model`` is none of Keras 3.
        KeyError: The checkpoint has no object graph, or no object at ``root``.
        ImportError: Keras is not installed.
        CorruptionError, UnsupportedError, OSError: As ``open``.
    """
    require("keras")
    check_model(model)
    with open(path, storage_options=storage_options) as checkpoint:
        chosen = choose_root(model, StoredObjects(checkpoint), root, allow_partial)
        return _load(model, checkpoint, chosen.fit, chosen.path)


def _load(model: Any, checkpoint: Checkpoint, fit: Fit, root: str) -> LoadReport:
    keys = dict.fromkeys(it.key for it in fit.assignments)
    # No views: JAX may keep the memory, and files change.
    arrays = checkpoint.load(list(keys), copy=True)
    values = [
        cast_for(arrays[it.key], it.variable.dtype, it.key) for it in fit.assignments
    ]
    assign(model, fit.assignments, values)
    taken = {id(it.variable): it.key for it in fit.assignments}
    loaded: dict[str, str] = {}
    left: list[str] = []
    counts: dict[str, int] = {}
    for variable in list_weights(model):
        count = counts[variable.path] = counts.get(variable.path, 0) + 1
        name = variable.path if count == 1 else f"{variable.path}#{count}"
        if id(variable) in taken:
            loaded[name] = taken[id(variable)]
        else:
            left.append(name)
    return LoadReport(root, loaded, left, fit.unused)
