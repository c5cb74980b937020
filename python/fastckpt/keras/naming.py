"""What full names of variables say against the edges: another class, another order.

TensorFlow's loader does not look at them. Layers of one shape, swapped, load there
without a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from fastckpt.base.deferred import importing
from fastckpt.keras.model import class_names, is_layer
from fastckpt.keras.order import find_order
from fastckpt.keras.stored import StoredObjects
from fastckpt.keras.walk import Pair, Sequence, Walk

__all__ = ["find_swapped", "tell_other_class"]

_NUMBERED = re.compile(r"(.*?)(?:_([0-9]+))?", re.DOTALL)
#: Another class of Keras 2 that is the same layer.
_SAME = {"sync_batch_normalization": "batch_normalization"}


def tell_other_class(pair: Pair, stored: StoredObjects) -> str | None:
    """Says which class a variable's full name tells, where the model's is another.

    None where it is the same or where that cannot be known: the name is no default
    one, or the layer is none of Keras's own.
    """
    names = stored.get_full_name(pair.node)[:-1]
    told = _split(names[-1])[0] if names else ""
    told = _SAME.get(told, told)
    own = class_names(type(pair.owner))
    if told not in _leaf_names() or told in own or own.isdisjoint(_leaf_names()):
        return None
    if told == _split(pair.owner.name)[0]:
        return None
    if any(told in class_names(type(layer)) for layer in pair.owners):
        return None  # the program's own layer of that name, which wraps one
    return (
        f"{pair.path}: {'/'.join(names)!r} in the checkpoint is a {told}, "
        f"{pair.owner.name!r} in the model a {type(pair.owner).__name__}"
    )


@cache
def _leaf_names() -> frozenset[str]:
    """Gives the default names of Keras's layers that wrap no other."""
    with importing:
        import keras

    layers = keras.layers
    wrapping = [layers.Wrapper, layers.RNN, layers.StackedRNNCells]
    wrapping += [
        layers.Bidirectional,
        layers.MultiHeadAttention,
        layers.TimeDistributed,
    ]
    for name in ("GroupQueryAttention", "Pipeline"):
        wrapping += [getattr(layers, name)] if hasattr(layers, name) else []
    kinds = [it for it in vars(layers).values() if isinstance(it, type)]
    found: set[str] = set()
    for kind in kinds:
        is_own = issubclass(kind, keras.Layer) and kind is not keras.Layer
        if is_own and not issubclass(kind, tuple(wrapping)):
            found |= class_names(kind)
    return frozenset(found - class_names(keras.Layer))


def _split(name: str) -> tuple[str, int]:
    """Gives a default name without its number, and the number."""
    match = _NUMBERED.fullmatch(name)
    assert match is not None
    return match[1], int(match[2] or 0)


def find_swapped(
    sequence: Sequence, walk: Walk, stored: StoredObjects
) -> Iterator[tuple[list[Any], str]]:
    """Finds places of a sequence whose names say that layers changed theirs.

    A name that the program gave, at another place of the model; default names of
    layers of one class and shape that count the other way round, unless the layers'
    connections tell their order.

    Yields:
        (layers, what differs).
    """
    items = [
        _Item(place, layer, _find_names(layer, walk, stored))
        for place, layer, _ in sequence.list_common()
        if is_layer(layer)
    ]
    yield from _find_moved(items, sequence.name)
    yield from _find_inverted(items, sequence)


class _Item(NamedTuple):
    """What is at one place.

    Attributes:
        names: (layer in it or itself, what the checkpoint calls it).
    """

    place: int
    layer: Any
    names: list[tuple[Any, str]]

    @property
    def own(self) -> set[str]:
        """What the layers are called in the model."""
        return {layer.name for layer, _ in self.names}

    @property
    def told(self) -> set[str]:
        """What the layers are called in the checkpoint."""
        return {name for _, name in self.names}

    def list_numbers(self) -> dict[str, tuple[int, int]]:
        """Gives the lowest numbers of default names: {name: (model, checkpoint)}."""
        found: dict[str, tuple[int, int]] = {}
        for layer, name in self.names:
            base, own = _split(layer.name)
            other, told = _split(name)
            if base == other and _has_default_name(layer):
                least = found.get(base, (own, told))
                found[base] = min(own, least[0]), min(told, least[1])
        return found


def _find_names(top: Any, walk: Walk, stored: StoredObjects) -> list[tuple[Any, str]]:
    """Gives a layer and those in it with their names in variables' full names."""
    found: dict[tuple[int, str], tuple[Any, str]] = {}
    for pair, depth in walk.list_below(top):
        names = stored.get_full_name(pair.node)[:-1]
        layers = pair.owners[-1 - depth :]
        for layer, name in zip(reversed(layers), reversed(names), strict=False):
            found[id(layer), name] = layer, name
    return list(found.values())


def _find_moved(items: list[_Item], path: str) -> Iterator[tuple[list[Any], str]]:
    given = {
        layer.name: item
        for item in items
        for layer, _ in item.names
        if not _has_default_name(layer)
    }
    for item in items:
        for name in sorted(item.told - item.own):
            other = given.get(name, item)
            if other is item or name in other.told:
                continue
            yield (
                [item.layer, other.layer],
                f"{path or 'the model'}: at place {item.place} the checkpoint has "
                f"{name!r} and the model {item.layer.name!r}; its {name!r} is at "
                f"another place, {other.place}",
            )


def _find_inverted(
    items: list[_Item], sequence: Sequence
) -> Iterator[tuple[list[Any], str]]:
    counted = [(item.layer, item.list_numbers()) for item in items]
    follows = None
    for i, (one, counts) in enumerate(counted):
        for other, others in counted[i + 1 :]:
            if not any(
                _is_inverted(counts[name], others[name])
                for name in counts.keys() & others.keys()
            ):
                continue
            follows = follows or find_order(sequence.holder)
            if _is_alike(one, other) and not follows(one, other):
                yield (
                    [one, other],
                    f"{sequence.name or 'the model'}: {one.name!r} and {other.name!r} "
                    "are alike, and the checkpoint's names count them the other way "
                    "round, so that places may tell the wrong one; load each alone: "
                    "load_weights(layer, path, root='.../layer_with_weights-0')",
                )


def _is_inverted(one: tuple[int, int], other: tuple[int, int]) -> bool:
    (own, told), (other_own, other_told) = one, other
    return told != other_told and (own < other_own) != (told < other_told)


def _is_alike(one: Any, other: Any) -> bool:
    shapes = [[tuple(it.shape) for it in each.weights] for each in (one, other)]
    return type(one) is type(other) and shapes[0] == shapes[1]


def _has_default_name(layer: Any) -> bool:
    return _split(layer.name)[0] in class_names(type(layer))
