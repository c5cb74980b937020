"""freeze: a graph and its checkpoint become one file, with constants for variables.

Source: tensorflow/python/tools/freeze_graph.py.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from typing import Any

from fastckpt.base.progress import ProgressArgument, counting
from fastckpt.files.find import PathName
from fastckpt.files.replace import write_beside
from fastckpt.files.replaced import check_keeps_checkpoints
from fastckpt.files.urls import target_path
from fastckpt.graph.attributes import get_attribute
from fastckpt.graph.files import Tags
from fastckpt.graph.freeze.constants import Constant
from fastckpt.graph.freeze.convert import drop_updates, freeze_variables
from fastckpt.graph.freeze.flow import Form, Frozen
from fastckpt.graph.freeze.frozen_file import FrozenFile
from fastckpt.graph.freeze.left import check_variables_left, warn_of_tables
from fastckpt.graph.freeze.variable_values import (
    check_variable,
    make_fetch,
    use_averages,
)
from fastckpt.graph.meta_graph import MetaGraph
from fastckpt.graph.names import find_close
from fastckpt.graph.outputs import choose_outputs
from fastckpt.graph.subgraph import add_defaults, extract_subgraph
from fastckpt.graph.variables import GraphVariable
from fastckpt.reading.checkpoint import Checkpoint
from fastckpt.reading.checkpoint import open as open_checkpoint

__all__ = ["FreezeReport", "freeze"]


@dataclass(frozen=True, slots=True)
class FreezeReport:
    """What freezing made.

    Attributes:
        path: The file.
        nodes: How many nodes the frozen graph has.
        variables: How many of them are constants that were variables.
        nbytes: The file's size.
        outputs: The names of the output nodes.
    """

    path: str
    nodes: int
    variables: int
    nbytes: int
    outputs: list[str]


def freeze(
    checkpoint: PathName | Checkpoint,
    outputs: str | Iterable[str] | None = None,
    *,
    to: PathName,
    meta: PathName | MetaGraph | None = None,
    clear_devices: bool = True,
    whitelist: Iterable[str] | None = None,
    blacklist: Iterable[str] | None = None,
    averages: bool = False,
    tags: Tags = None,
    fsync: bool = True,
    threads: int | None = None,
    progress: ProgressArgument = None,
) -> FreezeReport:
    """Writes the part of a graph that some outputs need, its variables as constants.

    The file is a GraphDef, node for node what TensorFlow's ``freeze_graph`` writes.
    Values go from the checkpoint's file to it one by one.

    Args:
        checkpoint: What ``open()`` takes, or an open checkpoint.
        outputs: The names of the output nodes. None takes what the graph's signature
            gives, or else the nodes that nobody reads, without those that save,
            restore, assign or initialize.
        to: The file to write. It appears when it is complete; folders that are missing
            are made.
        meta: The graph, if it is not the ``.meta`` file beside the checkpoint or the
            SavedModel around it: a file, a SavedModel, or a ``MetaGraph``.
        clear_devices: Whether the nodes of the graph forget their devices.
        whitelist: The variables to freeze; None means all.
        blacklist: Variables that stay variables.
        averages: Whether variables get the values of their moving averages, where they
            have one (see ``MetaGraph.variables_to_restore``).
        tags: Which of a SavedModel's graphs, as in ``MetaGraph.read``.
        fsync: Whether file and folder are on the disk when the call returns.
        threads: How many threads open and read a checkpoint that is given by its
            name; None: the CPUs of the process.
        progress: As in ``Checkpoint.load``.

    Returns:
        How many nodes and variables there are, and the file's size.

    Raises:
        KeyError: the checkpoint lacks a variable that the outputs need.
        ValueError: no node has an output's name, no variable a listed name, no graph
            the tags, the graph does not tell which averages there are, it and the
            checkpoint do not belong together, or `to` is a file of a checkpoint, of a
            SavedModel or the graph itself.
        UnsupportedError: the file would exceed 2 GiB, the outputs need a variable
            itself rather than its value, or one that a function makes. Nothing was
            written.
        CorruptionError: the graph or the checkpoint is damaged.
        OSError: the file cannot be written, or another one cannot be read.

    Warns:
        UserWarning: Nothing in the file fills a lookup table; a value was rounded, as
            the graph rounds when it restores.
    """
    path = target_path(to)
    _check_target(path, meta)
    graph = _find_meta(checkpoint, meta, tags)
    names = choose_outputs(graph, outputs)
    chosen = _choose_variables(graph, whitelist, blacklist)
    if averages:
        chosen = use_averages(graph, chosen)
    subgraph = _extract(graph, names, chosen)
    add_defaults(subgraph, graph.definitions)
    if clear_devices:
        for node in subgraph.node:
            node.device = ""
    wanted = [chosen[node.name] for node in subgraph.node if node.name in chosen]
    with _open(checkpoint, threads, is_needed=bool(wanted)) as opened:
        constants = _convert(subgraph, wanted, opened, names)
        check_variables_left(subgraph)
        warn_of_tables(subgraph, graph)
        parts = FrozenFile(subgraph, constants)
        nbytes = parts.check_size()
        with (
            write_beside(path, fsync) as beside,
            open(beside, "wb") as file,
            counting(progress, nbytes) as counter,
        ):
            for part in parts.iterate_parts():
                counter.add(file.write(part))
    return FreezeReport(path, len(subgraph.node), len(constants), nbytes, names)


def _check_target(path: str, meta: PathName | MetaGraph | None) -> None:
    what = "a frozen graph of this name"
    check_keeps_checkpoints(path, what, keeps_foreign=True)
    if meta is None or isinstance(meta, MetaGraph):
        return
    with suppress(OSError):  # whatever is not there is nobody's
        if os.path.samefile(target_path(meta), path):
            raise ValueError(
                f"{path!r} is the graph itself, which {what} would replace"
            )


def _find_meta(
    checkpoint: PathName | Checkpoint, meta: PathName | MetaGraph | None, tags: Tags
) -> MetaGraph:
    if isinstance(meta, MetaGraph):
        if tags is not None:
            raise ValueError(
                "tags choose among the graphs of a file, and meta is a graph already: "
                "give them to MetaGraph.read"
            )
        return meta
    if meta is not None:
        return MetaGraph.read(meta, tags)
    path = checkpoint.path if isinstance(checkpoint, Checkpoint) else checkpoint
    return MetaGraph.read(path, tags)


def _open(
    checkpoint: PathName | Checkpoint, threads: int | None, is_needed: bool
) -> AbstractContextManager[Checkpoint | None]:
    if not is_needed:
        return nullcontext()
    if isinstance(checkpoint, Checkpoint):
        return nullcontext(checkpoint)
    return open_checkpoint(checkpoint, io="read", threads=threads)


def _choose_variables(
    graph: MetaGraph,
    whitelist: Iterable[str] | None,
    blacklist: Iterable[str] | None,
) -> dict[str, GraphVariable]:
    allowed = _check_names(graph, whitelist, "whitelist")
    denied = _check_names(graph, blacklist, "blacklist")
    return {
        name: variable
        for name, variable in graph.variables.items()
        if (whitelist is None or name in allowed) and name not in denied
    }


def _extract(
    graph: MetaGraph, outputs: list[str], chosen: Mapping[str, GraphVariable]
) -> Any:
    """Gives the part that the outputs need, without updates that they do not."""
    subgraph = extract_subgraph(graph.graph_def, outputs)
    frozen = [
        Frozen(node.name, get_attribute(node, "dtype").type, (), _get_form(variable))
        for node in subgraph.node
        if (variable := chosen.get(node.name))
    ]
    if drop_updates(subgraph, frozen, outputs):
        return extract_subgraph(subgraph, outputs)
    return subgraph


def _get_form(variable: GraphVariable) -> Form:
    return Form.HANDLE if variable.is_resource else Form.REFERENCE


def _check_names(
    graph: MetaGraph, names: Iterable[str] | None, argument: str
) -> set[str]:
    listed = {names} if isinstance(names, str) else set(names or ())
    for name in sorted(listed):
        if name not in graph.variables:
            close = find_close(name, graph.variables)
            raise ValueError(f"{argument}: the graph has no variable {name!r}{close}")
    return listed


def _convert(
    subgraph: Any,
    variables: list[GraphVariable],
    checkpoint: Checkpoint | None,
    outputs: list[str],
) -> dict[str, Constant]:
    """Rewrites the graph in place; gives the constants that replace variables."""
    numbers = {node.name: get_attribute(node, "dtype").type for node in subgraph.node}
    frozen, constants = [], {}
    for each in variables:
        assert checkpoint is not None
        shape = check_variable(checkpoint, each)
        frozen.append(Frozen(each.name, numbers[each.name], shape, _get_form(each)))
        fetch = make_fetch(checkpoint, each, shape)
        constants[each.name] = Constant(each.name, numbers[each.name], shape, fetch)
    freeze_variables(subgraph, frozen, outputs)
    return constants
