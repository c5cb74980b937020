"""Names in object graphs: how keys escape them, and what people call the objects.

A key is the path of an object from the root, ``/`` between the escaped names, then
``/.ATTRIBUTES/`` and an attribute. Where Keras keeps layers in lists of its own, such
as ``_operations/3`` or ``layer_with_weights-1``, the path says nothing to a reader; the
variable's full name (``dense/kernel``) does.
Source: tensorflow/python/trackable/trackable_utils.py.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = [
    "LISTS",
    "count_named",
    "escape",
    "find_keras_part",
    "is_listed",
    "split_key",
    "unescape",
]

_ESCAPED = re.compile(r"\.\.|\.S")
_ATTRIBUTES = ".ATTRIBUTES"

# Names that Keras gives where the program gave none.
_KERAS_NAME = re.compile(r"_.*|layer(?:_with_weights)?-\d+", re.DOTALL)
# Lists of all variables of a model, whose numbers say nothing; Keras's SavedModels have
# a variable there where no layer of the model's own leads to it in fewer steps.
LISTS = ("variables", "trainable_variables", "non_trainable_variables")
# What Keras wraps a Sequential model into; no layer of the user's.
_WRAPPER = "_functional"


def escape(name: str) -> str:
    """Gives a name as keys hold it."""
    return name.replace(".", "..").replace("/", ".S")


def unescape(text: str) -> str:
    """Gives the name that a part of a key stands for."""
    return _ESCAPED.sub(lambda match: "." if match[0] == ".." else "/", text)


def split_key(key: str) -> tuple[str, ...]:
    """Gives the names in a key, without the attribute; its own markers stay."""
    parts = key.split("/")
    if _ATTRIBUTES in parts:
        parts = parts[: parts.index(_ATTRIBUTES)]
    return tuple(map(unescape, parts))


def find_keras_part(path: Sequence[str]) -> int | None:
    """Gives where the names begin that Keras gave, None if it gave none."""
    places = (i for i, name in enumerate(path) if _KERAS_NAME.fullmatch(name))
    return next(places, None)


def is_listed(path: Sequence[str]) -> bool:
    """Tells whether a path leads to a variable by its number among all of a model."""
    return len(path) > 1 and path[-2] in LISTS and path[-1].isdecimal()


def count_named(path: Sequence[str]) -> int:
    """Counts the parts of Keras's part of a path for which a full name has a part."""
    count = 0
    for i, name in enumerate(path):
        following = path[i + 1] if i + 1 < len(path) else ""
        is_list = name.startswith("_") and following.isdecimal()
        if not is_list and name != _WRAPPER:
            count += 1
    return max(count, 1)
