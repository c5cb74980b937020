"""Which tensors of a checkpoint to load when moving averages stand in for variables.

Source: tensorflow/python/training/moving_averages.py,
ExponentialMovingAverage.variables_to_restore.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from fastckpt.graph.average_updates import AverageUpdates, find_average_updates
from fastckpt.graph.names import find_close
from fastckpt.graph.variables import GraphVariable

__all__ = ["map_averages"]

# The name that TensorFlow gives where the program gave none.
_USUAL_NAME = "ExponentialMovingAverage"
# Those that tell which variables there are, and which are averaged or trained.
_COLLECTIONS = frozenset(
    {"moving_average_variables", "trainable_variables", "variables"}
)
_BY_HAND = "name what is meant in load({variable: tensor})"


def map_averages(
    meta: Any,
    variables: Mapping[str, GraphVariable],
    marked: Iterable[str],
    asked: Iterable[str] | None,
    name: str | None,
) -> dict[str, str]:
    """Gives each variable the tensor of its average, or else of its own value.

    Args:
        meta: The MetaGraphDef.
        variables: All variables of the graph.
        marked: The tensors in the collection of averaged variables.
        asked: Names of the variables whose averages are wanted; None: all there are.
        name: The name that the averages were made with; None: the usual one.

    Returns:
        The names in the checkpoint by the variables' names; the averages themselves
        and variables that are not saved are left out.

    Raises:
        ValueError: The graph does not tell which average is a variable's, or has no
            variable of a name that was asked for.
    """
    chooser = _Chooser(variables, find_average_updates(meta), name)
    if asked is not None:
        return chooser.map_names(_check_names(asked, variables), asked=True)
    averaged = {tensor.removesuffix(":0") for tensor in marked}
    averaged.update(each.name for each in variables.values() if each.trainable)
    averaged.update(chooser.list_updated())
    if variables and not averaged and not _tells_averaged(meta):
        raise ValueError(
            "the graph has no collections and updates no averages, so it does not tell "
            "which variables have averages; name them (moving_avg_variables=), or read "
            "the .meta file of the checkpoint"
        )
    return chooser.map_names(averaged, asked=False)


def _tells_averaged(meta: Any) -> bool:
    known = _COLLECTIONS.intersection(meta.collection_def)
    return bool(known) or len(meta.object_graph_def.nodes) > 0


def _check_names(
    names: Iterable[str], variables: Mapping[str, GraphVariable]
) -> set[str]:
    """Gives the nodes of variables that a caller names, as node or as tensor."""
    listed = [names] if isinstance(names, str) else list(names)
    chosen = {str(name).removesuffix(":0") for name in listed}
    for name in sorted(chosen):
        if name not in variables:
            close = find_close(name, variables)
            raise ValueError(
                f"moving_avg_variables: the graph has no variable {name!r}{close}"
            )
    return chosen


class _Chooser:
    """Chooses the averages of variables.

    Args:
        variables: All variables of the graph.
        updates: What the graph's updates say.
        name: The name that the averages were made with; None: the usual one.
    """

    def __init__(
        self,
        variables: Mapping[str, GraphVariable],
        updates: AverageUpdates,
        name: str | None = None,
    ) -> None:
        self._variables = variables
        self._updates = updates
        self._name = name
        self._suffix = name or _USUAL_NAME
        # TensorFlow counts further averages of one variable and one name.
        self._pattern = re.compile(
            rf".*/{re.escape(self._suffix)}(?:_[0-9]+)?", re.DOTALL
        )

    def list_updated(self) -> list[str]:
        """Gives the variables of which the graph updates averages of this name."""
        linked = self._updates.averages
        return [v for v in self._variables if any(map(self._fits, linked.get(v, ())))]

    def map_names(self, averaged: Iterable[str], *, asked: bool) -> dict[str, str]:
        """Gives each variable the tensor of its average, or else of its own value.

        Args:
            averaged: The variables whose averages are wanted.
            asked: Whether a caller named them, so that each must have one.

        Returns:
            The names in the checkpoint by the variables' names; the averages
            themselves and variables that are not saved are left out.

        Raises:
            ValueError: The graph does not tell which average is a variable's.
        """
        wanted = set(averaged)
        found = {name: self._find(name) for name in self._variables if name in wanted}
        missing = [name for name, average in found.items() if average is None]
        has_averages = self._has_averages()
        if missing:
            self._check_missing(missing, has_averages=has_averages, asked=asked)
        restored: dict[str, str] = {}
        for name, average in found.items():
            if average is not None:
                restored[name] = self._variables[average].checkpoint_name or average
            elif not has_averages:  # an evaluation's graph, whose checkpoint has them
                restored[name] = self._get_usual(name)
        done = restored.keys() | found.values()
        for name, variable in self._variables.items():
            if name not in done and variable.checkpoint_name:
                restored[name] = variable.checkpoint_name
        return restored

    def _fits(self, average: str) -> bool:
        return self._pattern.fullmatch(average) is not None

    def _find(self, name: str) -> str | None:
        """Gives a variable's average, None where the graph has none of it."""
        found = self._list_averages(name)
        if len(found) > 1:
            listed = ", ".join(map(repr, found))
            raise ValueError(
                f"the graph has several averages of {name!r}: {listed}; give the last "
                f"part of one as name=, or where that is the same {_BY_HAND}"
            )
        return found[0] if found else None

    def _list_averages(self, name: str) -> list[str]:
        linked = list(filter(self._fits, self._updates.averages.get(name, ())))
        if self._name is not None:
            exact = [each for each in linked if each.endswith(f"/{self._name}")]
            linked = exact or linked
        named = f"{name}/{self._suffix}"
        if not linked and named in self._variables:
            return [] if named in self._updates.updated else [named]
        return linked

    def _has_averages(self) -> bool:
        """Tells whether the graph has averages of variables under this name."""
        return any(map(self._list_averages, self._variables))

    def _check_missing(
        self, missing: list[str], *, has_averages: bool, asked: bool
    ) -> None:
        """Refuses to give raw values where there may be averages.

        Raises:
            ValueError: There may be.
        """
        unknown = self._find_unknown()
        if unknown is not None:
            raise ValueError(
                f"the graph has the average {unknown!r}, but nothing that updates it, "
                f"so it does not tell of which variable it is; {missing[0]!r} has no "
                f"other: {_BY_HAND}"
            )
        if has_averages and asked:
            raise ValueError(
                f"the graph has averages named {self._suffix!r}, but none of "
                f"{missing[0]!r}; leave it out of moving_avg_variables"
            )
        other = None if has_averages else self._find_other(missing)
        if other is not None:
            raise ValueError(
                f"the graph has no average named {self._suffix!r} of {other[0]!r}, but "
                f"{other[1]!r}; give the name that the averages were made with (name=)"
            )

    def _find_unknown(self) -> str | None:
        """Gives an average of this name of which nothing tells whose it is."""
        for name, variable in self._variables.items():
            is_told = variable.trainable or name in self._updates.updated
            if self._fits(name) and not is_told:
                stem, _, last = name.rpartition(f"/{self._suffix}")
                if last or stem not in self._variables:
                    return name
        return None

    def _find_other(self, missing: list[str]) -> tuple[str, str] | None:
        """Gives a variable and its average of another name, as TensorFlow names it."""
        for name in missing:
            for average in self._updates.averages.get(name, ()):
                if f"/{name}/" in f"/{average}":
                    return name, average
        return None

    def _get_usual(self, name: str) -> str:
        """Gives the tensor that an average has where no scope adds to its name."""
        variable = self._variables[name]
        is_part = variable.slice is not None and variable.checkpoint_name is not None
        stem = variable.checkpoint_name if is_part else name
        return f"{stem}/{self._suffix}"
