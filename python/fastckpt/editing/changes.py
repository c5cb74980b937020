"""What a conversion changes on the way: names, dtypes, values, what is left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from fastckpt.base.cast import DType
from fastckpt.editing.by_path import Names
from fastckpt.editing.new_values import check_new_value
from fastckpt.editing.plan import Source, Step, plan
from fastckpt.objects.message import GRAPH_KEY

__all__ = ["Changes", "Planned", "plan_changes"]


class Changes(NamedTuple):
    """What `convert` was asked to change; see there."""

    names: str
    drop: Iterable[str]
    rename: Mapping[str, str]
    dtype: DType | Mapping[str, DType] | None
    values: Mapping[str, Any]


class Planned(NamedTuple):
    """What is to be written.

    Attributes:
        steps: The tensors.
        left_out: The names of the others, in the source's order.
        loses_graph: Whether the object graph is among those, though nobody said so.
    """

    steps: list[Step]
    left_out: list[str]
    loses_graph: bool


def plan_changes(source: Source, changes: Changes, *, has_graph: bool) -> Planned:
    """Decides on every tensor.

    Args:
        source: What is converted.
        changes: What is to become of it.
        has_graph: Whether the target has a place for an object graph.

    Raises:
        KeyError, ValueError, TypeError: As `convert`.
    """
    known = Names(source, changes.names)
    dropped = known.match_dropped(changes.drop)
    is_there = GRAPH_KEY in source and GRAPH_KEY not in dropped
    loses_graph = is_there and (not has_graph or changes.names == "objects")
    if loses_graph:
        dropped.add(GRAPH_KEY)
    steps = _plan_steps(source, known, dropped, changes)
    left_out = [name for name in source if name in dropped]
    return Planned(steps, left_out, loses_graph)


def _plan_steps(
    source: Source, known: Names, dropped: set[str], changes: Changes
) -> list[Step]:
    renamed = known.by_key(changes.rename)
    names = known.choose(dropped | renamed.keys()) | renamed
    steps = plan(source, None, dropped, names, changes.dtype, known.find)
    news = known.by_key(changes.values)
    for name in news:
        _check_settable(name, dropped)
    return [
        step._replace(value=check_new_value(step.info, news[step.info.name]))
        if step.info.name in news
        else step
        for step in steps
    ]


def _check_settable(name: str, dropped: set[str]) -> None:
    if name == GRAPH_KEY:
        raise ValueError(
            f"{name!r} is the object graph, which is written to fit the tensors "
            f"and takes no value; drop={[name]!r} leaves it out"
        )
    if name in dropped:
        raise ValueError(f"{name!r} is to have a new value, but it is left out")
