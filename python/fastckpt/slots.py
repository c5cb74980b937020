"""Which tensors of a checkpoint only an optimizer needs.

A name is judged together with the others: ``dense/kernel/Adam`` is a slot where there
is a ``dense/kernel``, and a variable of its own where there is not.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

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


def find_slots(names: Collection[str]) -> list[str]:
    """Gives the names of optimizer slots, optimizer settings and the global step.

    Moving averages (``VARIABLE/ExponentialMovingAverage``) are not among them: they
    are what one often wants to keep.

    Args:
        names: All names of a checkpoint.

    Returns:
        Those that training alone needs, in the order given.
    """
    known = set(names)
    optimizers = tuple(f"{path}/" for path in _find_optimizers(known))
    return [
        name
        for name in names
        if _COUNTERS.fullmatch(name)
        or _OBJECT_SLOT.fullmatch(name)
        or name.startswith(optimizers)
        or _is_slot_of_variable(name, known)
    ]


def _is_slot_of_variable(name: str, known: set[str]) -> bool:
    for pattern in (_SUFFIXED_SLOT, _MESH_SLOT, _KERAS_SLOT):
        match = pattern.fullmatch(name)
        if match and any(variable in known for variable in _without_scopes(match[1])):
            return True
    return False


def _without_scopes(name: str) -> Iterator[str]:
    """Gives a name without its leading scopes, one more left out each time."""
    yield name
    while "/" in name:
        name = name.partition("/")[2]
        yield name


def _find_optimizers(known: set[str]) -> set[str]:
    """Finds the paths under which everything belongs to an optimizer."""
    found = set()
    for name in known:
        slot = _OBJECT_SLOT.fullmatch(name)
        setting = _KERAS_SETTING.fullmatch(name)
        if slot:
            found.add(_WRAPPED.sub("", slot[1]))
        elif setting and {f"{setting[1]}/iter", f"{setting[1]}/learning_rate"} <= known:
            found.add(setting[1])
        else:
            found.update(_find_marked(name, known))
    return found


def _find_marked(name: str, known: set[str]) -> Iterator[str]:
    for first, second in _OPTIMIZER_MARKS:
        path = name.removesuffix(first + _VALUE)
        if path != name and f"{path}{second}{_VALUE}" in known:
            yield _WRAPPED.sub("", path)
