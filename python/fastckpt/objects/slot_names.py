"""Which tensors of a checkpoint without an object graph only an optimizer needs.

A name is judged together with the others: ``dense/kernel/Adam`` is a slot where there
is a ``dense/kernel`` of its shape, and a variable of its own where there is not. What
merely lies under an optimizer's name may be anybody's, and is none.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

__all__ = ["find_slots"]

_SLOT_NAMES = (
    "Adadelta|Adagrad|AdagradDA|Adafactor|Adam|AdaMax|AdamW|AddSign|AddSignOptimizer"
    "|ElasticAverageOptimizer|Ftrl|LAMB|LARS|LARSOptimizer|LazyAdam|Momentum|Nadam"
    "|PowerSign|PowerSignOptimizer|ProximalAdagrad|RMSProp|SGD|YFOptimizer"
    "|adam_m|adam_v|lamb_m|lamb_v"
)
"""The last part of ``VARIABLE/SLOT``: TensorFlow 1 takes the optimizer's ``name``, BERT
and its kin a name of their own. A second slot is ``SLOT_1``, and so on."""

_KERAS_SLOT_NAMES = (
    "m|v|vhat|momentum|velocity|rms|mg|accumulator|accum_grad|accum_var|linear"
    "|average|slow"
)
"""The last part of ``OPTIMIZER/VARIABLE/SLOT``, as Keras names it in graph mode."""

_SETTINGS = "iter|beta_1|beta_2|decay|learning_rate|momentum|rho|epsilon"
"""The scalars that a Keras optimizer saves beside its slots."""

_COUNTERS = re.compile(r"(?:.*/)?(?:global_step|beta[12]_power(?:_[0-9]+)?)")
_SMALLER = re.compile(r".*/Adafactor(?:_[0-9]+)?|.*_slot_(?:vr|vc)", re.DOTALL)
"""Slots that need not have the shape of their variable."""

_SUFFIXED_SLOT = re.compile(rf"(.+)/(?:{_SLOT_NAMES})(?:_[0-9]+)?")
_MESH_SLOT = re.compile(r"(.+)_slot_(?:m|v|vr|vc)")
_KERAS_SLOT = re.compile(rf"(?:.*/)?[A-Z]\w*/(.+)/(?:{_KERAS_SLOT_NAMES})(?:_[0-9]+)?")
_KERAS_SETTING = re.compile(rf"((?:.*/)?[A-Z]\w*)/(?:{_SETTINGS})")

_VALUE = "/.ATTRIBUTES/VARIABLE_VALUE"
_OBJECT_SLOT = re.compile(r".+/\.OPTIMIZER_SLOT/(.+)/[^/]+" + re.escape(_VALUE))
_WRAPPED = re.compile(r"/(?:base_optimizer|inner_optimizer|_optimizer)$")
_OPTIMIZER_MARKS = (
    ("/_iterations", "/_learning_rate"),
    ("/iter", "/learning_rate"),
    ("/iterations", "/learning_rate"),
)
"""Pairs of attributes that mark an object of a TensorFlow 2 checkpoint an optimizer."""

_OBJECT_STATE = re.compile(
    rf"/(?:(?:base|inner)_optimizer/|_optimizer/)?(?:{_SETTINGS}|iterations"
    r"|_iterations|_learning_rate|_variables/[0-9]+|_?loss_scale/\w+|step_counter"
    r"|dynamic_scale|beta[12]_power)" + re.escape(_VALUE)
)
"""What follows the key of an optimizer in those of its own variables."""

_Shapes = Mapping[str, tuple[int, ...]]


def find_slots(names: Collection[str], shapes: _Shapes | None = None) -> list[str]:
    """Gives the names of optimizer slots, optimizer settings and the global step.

    Moving averages (``VARIABLE/ExponentialMovingAverage``) are not among them: they
    are what one often wants to keep.

    Args:
        names: All names of a checkpoint.
        shapes: The tensors' shapes, if they are to be looked at: a slot has that of
            its variable, settings and counters are scalars.

    Returns:
        Those that training alone needs, in the order given.
    """
    known = set(names)
    objects = sorted(_find_optimizers(known))
    return [
        name
        for name in names
        if _is_counter(name, known, shapes)
        or _OBJECT_SLOT.fullmatch(name)
        or any(_is_object_state(name, path) for path in objects)
        or _is_slot_of_variable(name, known, shapes)
    ]


def _is_counter(name: str, known: set[str], shapes: _Shapes | None) -> bool:
    setting = _KERAS_SETTING.fullmatch(name)
    if setting is None:
        is_one = _COUNTERS.fullmatch(name) is not None
    else:
        is_one = {f"{setting[1]}/iter", f"{setting[1]}/learning_rate"} <= known
    return is_one and (shapes is None or shapes[name] == ())


def _is_object_state(name: str, path: str) -> bool:
    return name.startswith(path) and bool(_OBJECT_STATE.fullmatch(name, len(path)))


def _is_slot_of_variable(name: str, known: set[str], shapes: _Shapes | None) -> bool:
    for pattern in (_SUFFIXED_SLOT, _MESH_SLOT, _KERAS_SLOT):
        match = pattern.fullmatch(name)
        variables = _without_scopes(match[1]) if match else ()
        for variable in variables:
            if variable in known and _has_shape_of(name, variable, shapes):
                return True
    return False


def _has_shape_of(name: str, variable: str, shapes: _Shapes | None) -> bool:
    is_free = shapes is None or _SMALLER.fullmatch(name) is not None
    return is_free or (shapes is not None and shapes[name] == shapes[variable])


def _without_scopes(name: str) -> Iterator[str]:
    """Gives a name without its leading scopes, one more left out each time."""
    yield name
    while "/" in name:
        name = name.partition("/")[2]
        yield name


def _find_optimizers(known: set[str]) -> set[str]:
    """Finds the objects of TensorFlow 2 that are optimizers."""
    found = set()
    for name in known:
        slot = _OBJECT_SLOT.fullmatch(name)
        if slot:
            found.add(_WRAPPED.sub("", slot[1]))
        else:
            found.update(_find_marked(name, known))
    return found


def _find_marked(name: str, known: set[str]) -> Iterator[str]:
    for first, second in _OPTIMIZER_MARKS:
        path = name.removesuffix(first + _VALUE)
        if path != name and f"{path}{second}{_VALUE}" in known:
            yield _WRAPPED.sub("", path)
