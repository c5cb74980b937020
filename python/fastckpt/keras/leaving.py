"""What a partial load leaves: no layer in halves, no place that may be another's."""

from __future__ import annotations

from typing import Any

from fastckpt.keras.model import list_weights_below
from fastckpt.keras.stored import StoredObjects
from fastckpt.keras.walk import Sequence, Walk

__all__ = ["find_left"]


def find_left(
    model: Any, walk: Walk, stored: StoredObjects, refused: set[int], spare: set[int]
) -> set[int]:
    """Finds the weights that stay, as the refused ones are not alone.

    A layer of which one weight of its own does not fit is left whole. Where the two
    sides have different places, what follows the first that does not fit is left: it
    may be another's.

    Args:
        refused: The ids of weights that do not fit.
        spare: The objects of the checkpoint that nothing of the model leads to.

    Returns:
        Ids of weights, those refused too.
    """
    left = set(refused)
    incomplete = {
        id(layer)
        for layer, node in walk.layers
        if any(child in spare for _, child in stored.edges(node))
    }
    for layer in model._flatten_layers():
        own = _list_own(layer)
        if id(layer) in incomplete or own & left:
            left |= own
    for sequence in walk.sequences:
        left |= _find_untold(sequence, stored, left, spare)
    return left


def _list_own(layer: Any) -> set[int]:
    """Gives the weights that a layer keeps itself, none of the layers in it."""
    below = {id(it) for each in layer._layers for it in each.weights}
    return {id(it) for it in layer.weights} - below


def _find_untold(
    sequence: Sequence, stored: StoredObjects, left: set[int], spare: set[int]
) -> set[int]:
    weights = {node: stored.find_weights(node) for node in sequence.stored.values()}
    places = {place for place, node in sequence.stored.items() if weights[node]}
    if places == sequence.held.keys():
        return set()
    untold: set[int] = set()
    is_told = True
    for place in sorted(places | sequence.held.keys()):
        own = {id(it) for it in list_weights_below(sequence.held.get(place))}
        node = sequence.stored.get(place, -1)
        is_told &= place in places and place in sequence.held
        is_told &= own.isdisjoint(left) and spare.isdisjoint(weights.get(node, ()))
        if not is_told:
            untold |= own
    return untold
