"""Which tensor of a checkpoint belongs to which variable of a graph.

The graph's own Save and Restore nodes say so: a Restore names its tensors, and each of
its outputs flows into the Assign of a variable. Nothing is guessed from names where
there is a saver, so variables that were renamed or partitioned are found.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from fastckpt.graph.attributes import (
    Shape,
    decode_shape,
    decode_strings,
    get_attribute,
)
from fastckpt.graph.datatypes import count_bytes, get_dtype, get_type_name
from fastckpt.graph.files import parse
from fastckpt.graph.saved_slices import SavedSlice, parse_shape_and_slice
from fastckpt.graph.scopes import Place, Scope, walk_back
from fastckpt.graph.trainable import TrainableVariables

__all__ = [
    "VARIABLE_OPS",
    "GraphVariable",
    "find_variable",
    "find_variables",
    "follow",
    "get_identity",
]

VARIABLE_OPS = frozenset({"Variable", "VariableV2", "VarHandleOp"})

_RESTORE_OPS = frozenset({"Restore", "RestoreSlice", "RestoreV2"})
# The index of the first input that is saved, after the file and the names.
_SAVE_OPS = {"Save": 2, "SaveSlices": 3, "SaveV2": 3}
_SLICING_OPS = frozenset({"RestoreSlice", "RestoreV2", "SaveSlices", "SaveV2"})
_ASSIGN_OPS = frozenset({"Assign", "AssignVariableOp"})
# Between a Restore and its Assign, or between a variable and its Save.
_PASSING_OPS = frozenset(
    {"Cast", "Enter", "Identity", "ReadVariableOp", "RefEnter", "RefIdentity"}
    | {"RefSwitch", "Reshape", "Switch"}
)
# More steps than any chain has; a damaged graph may hold a circle.
_MAX_STEPS = 1000


@dataclass(frozen=True, slots=True)
class GraphVariable:
    """A variable of a graph.

    Attributes:
        name: The variable's node.
        checkpoint_name: The tensor of the checkpoint, None if it is not saved.
        shape: The dimensions, None for each that the graph leaves open; None if all.
        tf_dtype: TensorFlow's name of the type.
        slice: Which part of that tensor, where it is partitioned; else None.
        is_resource: Whether it is a resource variable rather than a reference.
        trainable: Whether the graph trains it.
        via: The ops that a value passes on its way from the checkpoint, e.g. ``Cast``.
    """

    name: str
    checkpoint_name: str | None
    shape: Shape
    tf_dtype: str
    slice: SavedSlice | None
    is_resource: bool
    trainable: bool
    via: tuple[str, ...]

    @property
    def dtype(self) -> np.dtype[Any] | None:
        """The NumPy type, None where there is none."""
        return get_dtype(self.tf_dtype)

    @property
    def nbytes(self) -> int | None:
        """The size of its value, None where the graph does not tell."""
        return count_bytes(self.tf_dtype, self.shape)


class _Saved(NamedTuple):
    name: str
    slice: SavedSlice | None
    via: tuple[str, ...] = ()


def find_variables(meta: Any) -> dict[str, GraphVariable]:
    """Gives a MetaGraphDef's variables by name, in the order of the graph."""
    graph = meta.graph_def
    nodes = {node.name: node for node in graph.node}
    scope = Scope(nodes, {f.signature.name: f for f in graph.library.function})
    definitions = _read_definitions(meta)
    trainable = TrainableVariables(meta)
    saved = _find_saved(meta, scope, definitions)
    variables = {n: node for n, node in nodes.items() if node.op in VARIABLE_OPS}
    shared = {
        get_identity(variables[n]): each for n, each in saved.items() if n in variables
    }
    return {
        name: _make_variable(
            node, saved.get(name) or shared.get(get_identity(node)), trainable
        )
        for name, node in variables.items()
    }


def get_identity(node: Any) -> tuple[str, ...]:
    """Nodes with the same container and shared name are one variable."""
    texts = (get_attribute(node, "container").s, get_attribute(node, "shared_name").s)
    container, name = (text.decode("utf-8", "surrogateescape") for text in texts)
    return node.op, container, name or node.name


def _make_variable(
    node: Any, saved: _Saved | None, trainable: TrainableVariables
) -> GraphVariable:
    shape = get_attribute(node, "shape")
    return GraphVariable(
        name=node.name,
        checkpoint_name=saved.name if saved else None,
        shape=decode_shape(shape.shape) if shape.HasField("shape") else None,
        tf_dtype=get_type_name(get_attribute(node, "dtype").type),
        slice=saved.slice if saved else None,
        is_resource=node.op == "VarHandleOp",
        trainable=trainable.has(node.name, saved.name if saved else None),
        via=saved.via if saved else (),
    )


def _find_saved(
    meta: Any, scope: Scope, definitions: dict[str, Any]
) -> dict[str, _Saved]:
    saver = meta.saver_def
    reader = _NameReader()
    found = dict(reader.find_by_save(walk_back(scope, saver.save_tensor_name)))
    found.update(reader.find_by_restore(walk_back(scope, saver.restore_op_name)))
    if found:
        return found
    # Without a saver's description: all the nodes there are, the first one first.
    everywhere = [place for name in scope.nodes if (place := scope.find(name))]
    pairs = [*reader.find_by_restore(everywhere), *reader.find_by_save(everywhere)]
    if pairs:
        return dict(reversed(pairs))
    return {name: _get_default(name, definitions.get(name)) for name in scope.nodes}


def _get_default(name: str, definition: Any) -> _Saved:
    """Gives the name that a saver without a list of variables would take."""
    if definition is None or not definition.HasField("save_slice_info_def"):
        return _Saved(name, None)
    info = definition.save_slice_info_def
    dims = [f"{dim} " for dim in info.full_shape]
    items = [f"{b},{n}" for b, n in zip(info.var_offset, info.var_shape, strict=False)]
    return _Saved(
        info.full_name, parse_shape_and_slice("".join(dims) + ":".join(items))
    )


class _NameReader:
    """Reads the names and slices that Save and Restore nodes have as constants."""

    def __init__(self) -> None:
        # A constant names thousands of tensors, so each is decoded once. Nodes are
        # known by their address, so they are kept: another could get a dead one's.
        self._constants: dict[int, tuple[Any, list[str]]] = {}

    def find_by_restore(self, places: Iterable[Place]) -> Iterator[tuple[str, _Saved]]:
        """Gives the variables that are assigned from a Restore, and from what."""
        for place in places:
            if place.node.op not in _ASSIGN_OPS:
                continue
            variable = find_variable(place.find_input(0))
            value = follow(place.find_input(1))
            if variable and value and value.place.node.op in _RESTORE_OPS:
                index = value.place.source.number
                saved = self._read(value.place, index, value.via)
                if saved is not None:
                    yield variable, saved

    def find_by_save(self, places: Iterable[Place]) -> Iterator[tuple[str, _Saved]]:
        """Gives the variables that a Save reads, and as what."""
        for place in places:
            first = _SAVE_OPS.get(place.node.op)
            if first is None:
                continue
            for i in range(first, len(place.node.input)):
                variable = find_variable(place.find_input(i))
                saved = self._read(place, i - first, ()) if variable else None
                if variable and saved:
                    yield variable, saved

    def _read(self, place: Place, index: int, via: tuple[str, ...]) -> _Saved | None:
        names = self._read_constant(place.find_input(1))
        if index >= len(names):
            return None
        has_slices = place.node.op in _SLICING_OPS
        slices = self._read_constant(place.find_input(2)) if has_slices else []
        text = slices[index] if index < len(slices) else ""
        return _Saved(names[index], parse_shape_and_slice(text), via)

    def _read_constant(self, place: Place | None) -> list[str]:
        end = follow(place)
        if end is None or end.place.node.op != "Const":
            return []
        node = end.place.node
        if id(node) not in self._constants:
            texts = decode_strings(get_attribute(node, "value").tensor)
            decoded = [text.decode("utf-8", "surrogateescape") for text in texts]
            self._constants[id(node)] = node, decoded
        return self._constants[id(node)][1]


class _End(NamedTuple):
    """The end of a walk back through nodes that pass their first input on."""

    place: Place
    via: tuple[str, ...]


def follow(place: Place | None) -> _End | None:
    """Walks back over nodes that pass their first input on; None: it leads nowhere."""
    via: list[str] = []
    for _ in range(_MAX_STEPS):
        if place is None:
            return None
        if place.node.op not in _PASSING_OPS:
            return _End(place, tuple(reversed(via)))
        if place.node.op in ("Cast", "Reshape"):
            via.append(place.node.op)
        place = place.find_input(0)
    return None


def find_variable(place: Place | None) -> str | None:
    """Gives the variable of the graph whose value or handle a place passes on."""
    end = follow(place)
    if end is None or end.place.node.op not in VARIABLE_OPS:
        return None
    return str(end.place.node.name) if end.place.scope.is_main else None


def _read_definitions(meta: Any) -> dict[str, Any]:
    """Gives the VariableDef messages of the collections, by the variables' names."""
    definitions = {}
    for collection in ("trainable_variables", "variables"):
        for value in _get_bytes(meta, collection):
            what = f"a variable of collection {collection!r}"
            definition = parse("VariableDef", value, what)
            definitions[definition.variable_name.removesuffix(":0")] = definition
    return definitions


def _get_bytes(meta: Any, collection: str) -> list[bytes]:
    if collection not in meta.collection_def:
        return []
    return list(meta.collection_def[collection].bytes_list.value)
