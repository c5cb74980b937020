"""freeze: a graph and its checkpoint become one file, with constants for variables.

Source: tensorflow/python/tools/freeze_graph.py.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from typing import Any

from fastckpt.base.progress import ProgressArgument, counting
from fastckpt.errors import UnsupportedError
from fastckpt.files.find import PathName
from fastckpt.files.replace import write_beside
from fastckpt.files.replaced import check_keeps_checkpoints
from fastckpt.files.urls import target_path
from fastckpt.graph.attributes import get_attribute
from fastckpt.graph.files import MAX_MESSAGE_BYTES
from fastckpt.graph.freeze.constants import Constant, put_header
from fastckpt.graph.freeze.convert import drop_updates, freeze_variables
from fastckpt.graph.freeze.flow import Form, Frozen
from fastckpt.graph.freeze.variable_values import check_variable, make_fetch
from fastckpt.graph.meta_graph import MetaGraph
from fastckpt.graph.names import find_close
from fastckpt.graph.subgraph import add_defaults, choose_outputs, extract_subgraph
from fastckpt.graph.variables import GraphVariable
from fastckpt.reading.checkpoint import Checkpoint
from fastckpt.reading.checkpoint import open as open_checkpoint

__all__ = ["FreezeReport", "freeze"]

# How many of the largest variables a message lists.
_MAX_LISTED = 3

_NODE, _LIBRARY, _VERSIONS = 1, 2, 4  # the fields of a GraphDef


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
    fsync: bool = False,
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
        fsync: Whether file and folder are on the disk when the call returns.
        threads: How many threads open and read a checkpoint that is given by its
            name; None: the CPUs of the process.
        progress: As in ``Checkpoint.load``.

    Returns:
        How many nodes and variables there are, and the file's size.

    Raises:
        KeyError: the checkpoint lacks a variable that the outputs need.
        ValueError: no node has an output's name, no variable a listed name, the
            graph and the checkpoint do not belong together, or `to` is a file of a
            checkpoint, of a SavedModel or the graph itself.
        UnsupportedError: the file would exceed 2 GiB, or the outputs need a variable
            itself rather than its value. Nothing was written.
        CorruptionError: the graph or the checkpoint is damaged.
        OSError: the file cannot be written, or another one cannot be read.
    """
    path = target_path(to)
    _check_target(path, meta)
    graph = _find_meta(checkpoint, meta)
    names = choose_outputs(graph, outputs)
    chosen = _choose_variables(graph, whitelist, blacklist)
    subgraph = _extract(graph, names, chosen)
    add_defaults(subgraph, graph.definitions)
    if clear_devices:
        for node in subgraph.node:
            node.device = ""
    wanted = [chosen[node.name] for node in subgraph.node if node.name in chosen]
    with _open(checkpoint, threads, is_needed=bool(wanted)) as opened:
        constants = _convert(subgraph, wanted, opened, names)
        parts = _FrozenFile(subgraph, constants)
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
    checkpoint: PathName | Checkpoint, meta: PathName | MetaGraph | None
) -> MetaGraph:
    if isinstance(meta, MetaGraph):
        return meta
    if meta is not None:
        return MetaGraph.read(meta)
    path = checkpoint.path if isinstance(checkpoint, Checkpoint) else checkpoint
    return MetaGraph.read(path)


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


class _FrozenFile:
    """A GraphDef in the wire format, with some nodes replaced by constants."""

    def __init__(self, graph: Any, constants: Mapping[str, Constant]) -> None:
        self._graph = graph
        self._constants = constants

    def check_size(self) -> int:
        """Gives the file's size.

        Raises:
            UnsupportedError: a message cannot be as large as that.
        """
        tail = sum(map(len, self._make_tail()))
        nbytes = tail + sum(self._count_node(node) for node in self._graph.node)
        if nbytes <= MAX_MESSAGE_BYTES:
            return nbytes
        sizes = {name: each.count_bytes() for name, each in self._constants.items()}
        largest = sorted(sizes, key=lambda name: -sizes[name])[:_MAX_LISTED]
        listed = ", ".join(f"{name!r} ({sizes[name]} bytes)" for name in largest)
        raise UnsupportedError(
            f"the frozen graph would have {nbytes} bytes; a protocol buffer has at "
            f"most {MAX_MESSAGE_BYTES}. The largest variables are {listed}: leave "
            "them as they are (blacklist), or keep graph and checkpoint apart"
        )

    def iterate_parts(self) -> Iterator[bytes | memoryview]:
        """Gives the file part by part."""
        for node in self._graph.node:
            constant = self._constants.get(node.name)
            if constant is None:
                yield _frame(_NODE, node)
            else:
                yield put_header(_NODE, constant.count_bytes())
                yield from constant.iterate_parts()
        yield from self._make_tail()

    def _count_node(self, node: Any) -> int:
        constant = self._constants.get(node.name)
        size = node.ByteSize() if constant is None else constant.count_bytes()
        return len(put_header(_NODE, size)) + int(size)

    def _make_tail(self) -> list[bytes]:
        tail = []
        for field, name in ((_LIBRARY, "library"), (_VERSIONS, "versions")):
            if self._graph.HasField(name):
                tail.append(_frame(field, getattr(self._graph, name)))
        return tail


def _frame(field: int, message: Any) -> bytes:
    content = message.SerializeToString(deterministic=True)
    return put_header(field, len(content)) + bytes(content)
