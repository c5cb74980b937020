"""Which tensors go to a library of numbers: all that it holds, or none."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from fastckpt.base.names import find_fitting, list_some
from fastckpt.objects.message import GRAPH_KEY
from fastckpt.reading import requests

if TYPE_CHECKING:
    from fastckpt._native import Reader
    from fastckpt.reading.casts import Targets

__all__ = ["FORMLESS", "Held", "Library", "choose_held", "drop_of", "warn_of_graph"]

FORMLESS = ("string", "resource", "variant")
"""The types of TensorFlow that are no numbers."""

#: So many names are told one by one; of more, a pattern that fits them all.
_MOST_NAMED = 5


class Library(NamedTuple):
    """What takes the tensors.

    Attributes:
        name: As its users write it.
        noun: What it calls its arrays, in the plural.
        holds: Whether it has a form for a dtype of numbers.
    """

    name: str
    noun: str
    holds: Callable[[np.dtype], bool]


class Held(NamedTuple):
    """The tensors of a call.

    Attributes:
        slots: {name in the result: slot}.
        loses_graph: Whether the object graph was left out without being asked.
    """

    slots: dict[str, int]
    loses_graph: bool


def choose_held(
    reader: Reader,
    names: Iterable[str] | Mapping[str, str] | None,
    drop: Iterable[str],
    targets: Targets,
    library: Library,
) -> Held:
    """Gives the tensors that are asked for, all of which the library holds.

    Where no names are given, the object graph of TensorFlow 2, which is a string, is
    left out; nothing else is.

    Args:
        reader: Of the checkpoint.
        names, drop: As in ``Checkpoint.load``.
        targets: What tensors are cast to.
        library: What takes them.

    Raises:
        KeyError: A name or pattern fits nothing.
        TypeError: The library has no form for some; all of them are told, and how to
            leave them out.
        UnsupportedError: One has no form in NumPy either.
        CorruptionError: The index is wrong about a tensor.
    """
    slots = dict(zip(*requests.choose(reader, names, None, drop), strict=True))
    loses_graph = names is None and slots.pop(GRAPH_KEY, None) is not None
    without = {"text": [], "numbers": []}  # type: dict[str, list[int]]
    for slot in dict.fromkeys(slots.values()):
        info = reader.info(slot)
        dtype = targets(slot) or info.dtype
        if info.tf_dtype in FORMLESS:
            without["text"].append(slot)
        elif dtype is None:
            # Raises what a load says of it, before anything is read.
            requests.load(reader, [info.name], [slot], False, 1, None)
        elif not library.holds(dtype):
            without["numbers"].append(slot)
    _refuse(reader, without["text"], "", library)
    _refuse(reader, without["numbers"], "give dtype=, or ", library)
    return Held(slots, loses_graph)


def _refuse(reader: Reader, slots: list[int], remedy: str, library: Library) -> None:
    if not slots:
        return
    kinds = sorted({str(reader.info(slot).tf_dtype) for slot in slots})
    names = [reader.info(slot).name for slot in slots]
    raise TypeError(
        f"{library.name} has no {library.noun} of {' and '.join(kinds)}: "
        f"{list_some(names, _MOST_NAMED)}; {remedy}leave out: "
        f"drop={drop_of(names, reader)}"
    )


def drop_of(names: Sequence[str], reader: Reader) -> str:
    """Gives the ``drop=`` for tensors, which fits no others."""
    if len(names) > _MOST_NAMED:
        begin = _common_begin(names)
        end = _common_begin([name[::-1] for name in names])[::-1]
        for pattern in (f"*{end}", f"{begin}*", f"{begin}*{end}"):
            if find_fitting(pattern, reader.names()) == list(names):
                return repr([pattern])
    return repr(list(names))


def _common_begin(names: Sequence[str]) -> str:
    first, last = min(names), max(names)
    pairs = zip(first, last, strict=False)
    return "".join(one for one, _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def warn_of_graph(library: Library, stacklevel: int) -> None:
    """Warns that the object graph was left out.

    Warns:
        UserWarning: The only one of a load.
    """
    warnings.warn(
        f"the object graph, {GRAPH_KEY!r}, is a string, of which {library.name} has no "
        f"{library.noun}, and was left out; drop={[GRAPH_KEY]!r} says that it is to be",
        UserWarning,
        stacklevel=stacklevel + 1,
    )
