"""Which tensors of a checkpoint to load when moving averages stand in for variables.

Source: tensorflow/python/training/moving_averages.py,
ExponentialMovingAverage.variables_to_restore.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fastckpt.graph.variables import GraphVariable

__all__ = ["map_averages"]


def map_averages(
    variables: Mapping[str, GraphVariable], averaged: Iterable[str], suffix: str
) -> dict[str, str]:
    """Gives each variable the tensor that holds its average, or else its own value.

    Args:
        variables: All variables of the graph.
        averaged: Names of the variables whose averages are wanted.
        suffix: What an average's name has after its variable's name and a slash.

    Returns:
        The names in the checkpoint by the variables' names; the averages themselves
        and variables that are not saved are left out.
    """
    has_averages = any(name.endswith(f"/{suffix}") for name in variables)
    restored: dict[str, str] = {}
    for name in averaged:
        average = f"{name}/{suffix}"
        if average in variables:
            restored[name] = variables[average].checkpoint_name or average
        elif not has_averages:  # an evaluation's graph, whose checkpoint has them
            restored[name] = average
    averages = {f"{name}/{suffix}" for name in averaged}
    for name, variable in variables.items():
        if name not in restored and name not in averages and variable.checkpoint_name:
            restored[name] = variable.checkpoint_name
    return restored
