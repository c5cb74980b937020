"""What ``graph`` says of a graph, as plain values."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, NamedTuple

import fastckpt
from fastckpt.base.cached import cached_property
from fastckpt.cli.render.graph_node import describe_tensor
from fastckpt.cli.render.graph_tables import sum_scopes
from fastckpt.graph.meta_graph import MetaGraph
from fastckpt.graph.needs import find_needs
from fastckpt.graph.operations import GraphTensor
from fastckpt.graph.recipe import make_recipe
from fastckpt.graph.survey import (
    Constant,
    Missing,
    count_function_kinds,
    count_kinds,
    find_ends,
    find_missing,
    list_calls,
    list_constants,
)
from fastckpt.graph.unmatched import Unmatched
from fastckpt.graph.variables import GraphVariable
from fastckpt.reading.stored_files import CheckpointFiles

__all__ = ["Beside", "GraphFacts"]

_MOST_CONSTANTS = 10


class Beside(NamedTuple):
    """The checkpoint that belongs to a graph's file.

    Attributes:
        prefix: Where it is; None: there is none that can be opened.
        names: Its tensors.
        unmatched: What graph and checkpoint do not have in common.
        lost: Its data files that are missing or cut.
    """

    prefix: str | None
    names: frozenset[str]
    unmatched: Unmatched | None
    lost: Sequence[str] = ()


class GraphFacts:
    """What there is to say of a graph.

    Args:
        meta: The graph.
    """

    def __init__(self, meta: MetaGraph) -> None:
        self.meta = meta
        self.ends = find_ends(meta)
        self.calls = list_calls(meta)
        self.kinds = count_kinds(meta)
        self.function_kinds = count_function_kinds(meta)
        self.needs = find_needs([*self.kinds, *self.function_kinds])

    @cached_property
    def beside(self) -> Beside:
        """The checkpoint that belongs to the file, if there is one."""
        path = self.meta.path or ""
        is_saved_model = self.meta.kind == "SavedModel"
        try:
            with fastckpt.open(os.path.dirname(path) if is_saved_model else path) as it:
                lost = CheckpointFiles(it).list_lost()
                unmatched = self.meta.find_unmatched(it)
                return Beside(it.path, frozenset(it), unmatched, lost)
        except (fastckpt.CheckpointError, OSError):
            return Beside(None, frozenset(), None)

    @cached_property
    def constants(self) -> list[Constant]:
        """The constants, the largest first."""
        return list_constants(self.meta)

    @cached_property
    def missing(self) -> Missing:
        """What the outputs need and is not there."""
        outputs = self.ends.outputs.values()
        return find_missing(self.meta, outputs, self.beside.names)

    @cached_property
    def recipe(self) -> list[str]:
        """How to run it with TensorFlow; nothing where its weights are lost."""
        # Variables without a name there are set by the graph itself.
        is_bare = self.beside.prefix is None and any(
            self.meta.variables[it].checkpoint_name for it in self.missing.variables
        )
        if self.beside.lost or (is_bare and self.meta.kind == "SavedModel"):
            return []
        return make_recipe(self.meta, self.ends, self.beside.prefix)

    def describe(self) -> dict[str, Any]:
        """Gives all of it as plain values."""
        unmatched = self.beside.unmatched
        return {
            **self._describe_graph(),
            "unmatched": unmatched and unmatched._asdict(),
            **self._describe_use(),
        }

    def _describe_graph(self) -> dict[str, Any]:
        meta, saver = self.meta, self.meta.saver
        return {
            "path": meta.path,
            "tensorflow_version": meta.meta_info.tensorflow_version,
            "tags": meta.meta_info.tags,
            "producer": meta.graph_def.versions.producer,
            "saver_version": None if saver is None else saver.version,
            "operations": len(meta.operations),
            "functions": list(meta.functions),
            "signatures": list(meta.signatures),
            "inputs": _describe_tensors(self.ends.inputs),
            "outputs": _describe_tensors(self.ends.outputs),
            "variables": [_describe_variable(it) for it in meta.variables.values()],
            "scopes": sum_scopes(meta.variables),
            "kinds": self.kinds,
        }

    def _describe_use(self) -> dict[str, Any]:
        constants = self.constants
        largest = constants[:_MOST_CONSTANTS]
        signatures = {name: self.meta.signatures[name] for name in self.calls}
        return {
            "kind": self.meta.kind,
            "graphs": self.meta.graph_tags,
            "signature": self.ends.signature,
            "calls": {
                name: {
                    "method": it.method_name,
                    "inputs": _describe_tensors(it.inputs),
                    "outputs": _describe_tensors(it.outputs),
                }
                for name, it in signatures.items()
            },
            "checkpoint": self.beside.prefix,
            "function_kinds": self.function_kinds,
            "constants": {
                "count": len(constants),
                "nbytes": sum(it.nbytes or 0 for it in constants),
                "largest": [_describe_constant(it) for it in largest],
            },
            "needs": [need._asdict() for need in self.needs],
            "missing": self.missing._asdict(),
            "lost_files": list(self.beside.lost),
            "recipe": self.recipe,
        }


def _describe_tensors(tensors: dict[str, GraphTensor]) -> dict[str, Any]:
    return {name: describe_tensor(each) for name, each in tensors.items()}


def _describe_constant(constant: Constant) -> dict[str, Any]:
    return {
        "name": constant.name,
        "dtype": constant.tf_dtype,
        "shape": constant.shape,
        "nbytes": constant.nbytes,
    }


def _describe_variable(variable: GraphVariable) -> dict[str, Any]:
    part = variable.slice
    return {
        "name": variable.name,
        "checkpoint_name": variable.checkpoint_name,
        "dtype": variable.tf_dtype,
        "shape": None if variable.shape is None else list(variable.shape),
        "nbytes": variable.nbytes,
        "trainable": variable.trainable,
        "slice": None if part is None else part._asdict(),
    }
