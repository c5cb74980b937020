"""What a graph and a checkpoint do not have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from fastckpt.graph.variables import GraphVariable

__all__ = ["Unmatched", "compare"]


class Unmatched(NamedTuple):
    """What a graph and a checkpoint do not have in common.

    Attributes:
        tensors: Tensors of the checkpoint that no variable of the graph reads, such as
            optimizer slots and averages.
        variables: Variables of the graph whose tensor the checkpoint lacks.
    """

    tensors: list[str]
    variables: list[str]


def compare(
    variables: Mapping[str, GraphVariable], checkpoint: Iterable[str]
) -> Unmatched:
    """Compares a graph's variables with the names of a checkpoint's tensors."""
    names = list(checkpoint)
    read = {each.checkpoint_name for each in variables.values()}
    there = set(names)
    return Unmatched(
        tensors=[name for name in names if name not in read],
        variables=[
            name
            for name, each in variables.items()
            if each.checkpoint_name not in there
        ],
    )
