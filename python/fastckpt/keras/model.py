"""The model's side: what a Keras 3 object holds under the names of Keras 2.

Only what an object keeps as its own attribute is followed, no property: those make
lists anew, in an order of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from fastckpt.base.deferred import importing

__all__ = [
    "check_model",
    "class_names",
    "find_held",
    "is_layer",
    "is_place",
    "is_state",
    "is_variable",
    "list_sequence",
    "list_weights",
    "list_weights_below",
]

#: Weights that Keras 3 keeps under another name than Keras 2, by its class.
_RENAMED = {
    "DepthwiseConv1D": {"depthwise_kernel": "kernel"},
    "DepthwiseConv2D": {"depthwise_kernel": "kernel"},
    "Normalization": {"mean": "adapt_mean", "variance": "adapt_variance"},
}

#: Longer numbers count nothing.
_LONGEST = 10


def check_model(model: Any) -> None:
    """Checks that something is a Keras 3 model or layer that has weights.

    Raises:
        TypeError: It is none.
        ValueError: It has no weights yet.
    """
    with importing:
        import keras

    if not hasattr(keras, "Variable"):
        raise ImportError("this needs Keras 3: pip install 'keras>=3'", name="keras")
    if not is_layer(model):
        kind = f"{type(model).__module__}.{type(model).__qualname__}"
        raise TypeError(f"model must be a model or layer of Keras 3, not {kind}")
    if not model.built or not model.weights:
        raise ValueError(
            f"the model {model.name!r} has no weights yet: call it once on a batch "
            "(or model.build(input_shape)), then load"
        )


def is_layer(value: Any) -> bool:
    """Tells whether something is a layer, as models are."""
    with importing:
        import keras

    return isinstance(value, keras.Layer)


def is_variable(value: Any) -> bool:
    """Tells whether something is a variable of Keras."""
    with importing:
        import keras

    return isinstance(value, keras.Variable)


def is_place(name: str) -> bool:
    """Tells whether a name is a place in a list."""
    return name.isdecimal() and name.isascii() and len(name) < _LONGEST


def is_state(value: Any) -> bool:
    """Tells whether an object's variables are no weights of the model."""
    with importing:
        import keras

    kinds = (
        keras.metrics.Metric,
        keras.optimizers.Optimizer,
        keras.random.SeedGenerator,
    )
    if isinstance(value, list | tuple):
        return bool(value) and all(isinstance(it, kinds) for it in value)
    return isinstance(value, kinds)


def list_weights(model: Any) -> list[Any]:
    """Gives the model's weights; what a stateful RNN remembers is none."""
    with importing:
        import keras

    states: set[int] = set()
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.RNN) and layer.states is not None:
            states.update(map(id, keras.tree.flatten(layer.states)))
    return [it for it in model.weights if id(it) not in states]


def list_weights_below(held: Any) -> list[Any]:
    """Gives the weights of a layer, a variable, or of all in a list or dict."""
    if is_layer(held):
        return list(held.weights)
    if is_variable(held):
        return [held]
    if isinstance(held, dict):
        held = list(held.values())
    if isinstance(held, list | tuple):
        return [it for each in held for it in list_weights_below(each)]
    return []


def list_sequence(layer: Any) -> list[Any] | None:
    """Gives the layers that ``layer-N`` counts; None for what has no such places."""
    with importing:
        import keras

    if isinstance(layer, keras.Sequential):
        return list(layer.layers)
    if isinstance(layer, keras.Model) and "_operations" in vars(layer):
        return list(layer.layers)
    return None


def find_held(holder: Any, name: str) -> Any:
    """Gives what an object holds under a name of the checkpoint; None: nothing.

    Args:
        holder: A layer, a list, a tuple or a dict.
        name: Of the edge.
    """
    if isinstance(holder, dict):
        return holder.get(name)
    if isinstance(holder, list | tuple):
        is_there = is_place(name) and int(name) < len(holder)
        return holder[int(name)] if is_there else None
    return _find_attribute(holder, name) if is_layer(holder) else None


def _find_attribute(layer: Any, name: str) -> Any:
    for renamed in _list_names(layer, name):
        value = _get_own(layer, renamed)
        is_held = isinstance(value, list | tuple | dict)
        if is_held or is_layer(value) or is_variable(value) or is_state(value):
            return value
    # Keras 2 has an edge for the name that add_weight was given, too.
    own = [*layer._trainable_variables, *layer._non_trainable_variables]
    named = [it for it in own if it.name == name]
    return named[0] if len(named) == 1 else None


def _list_names(layer: Any, name: str) -> Iterator[str]:
    """Gives the names that an attribute may have in this version of Keras."""
    yield name
    for kind in type(layer).__mro__:
        if kind.__module__.startswith("keras.") and kind.__name__ in _RENAMED:
            yield _RENAMED[kind.__name__].get(name, name)
    # Keras 3 keeps kernels and embeddings behind a property.
    if is_variable(_get_own(layer, f"_{name}")):
        yield f"_{name}"
    if name.startswith("_") and is_variable(_get_own(layer, name[1:])):
        yield name[1:]


def _get_own(layer: Any, name: str) -> Any:
    own = vars(layer)
    # torch keeps modules, as layers are there, apart from other attributes.
    return own.get(name, own.get("_modules", {}).get(name))


def class_names(kind: type) -> set[str]:
    """Gives the names that Keras gives by itself to layers of a class and its bases."""
    return {_to_snake_case(it.__name__) for it in kind.__mro__}


def _to_snake_case(name: str) -> str:
    name = re.sub(r"\W+", "", name)
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()
