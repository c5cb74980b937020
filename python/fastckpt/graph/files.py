"""Which files hold a graph, and what is in them: ``.meta``, SavedModel, bare ``.pb``.

A file's name tells which message it holds; where it does not, the message does as which
the bytes make sense. Files ending in ``txt`` hold the text form, and such as begin so.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from fastckpt.errors import CorruptionError, UnsupportedError
from fastckpt.files.find import PathName, is_file, is_format, kind_of
from fastckpt.files.foreign import kind_of_bytes
from fastckpt.files.next_steps import refusal_of
from fastckpt.files.resolve import resolve
from fastckpt.files.urls import source_path
from fastckpt.graph.schema import get_message, get_pool, import_protobuf

__all__ = [
    "MAX_MESSAGE_BYTES",
    "GraphOfFile",
    "Tags",
    "find_graph_file",
    "parse",
    "read_graph",
]

Tags = str | Iterable[str] | None

# What protobuf allows for one message.
MAX_MESSAGE_BYTES = (1 << 31) - 1

# As much of a file as tells what it is, and those that are a graph by it.
_BEGIN_BYTES = 1024
_GRAPHS = ("text graph", "graph", "meta graph", "saved model")

_SAVED_MODEL_NAMES = ("saved_model.pb", "saved_model.pbtxt")
_CHUNKED_NAME = "saved_model.cpb"

_CHECKPOINT_PART = re.compile(r".*\.(index|data-\d{5,}-of-\d{5,})", re.DOTALL)
_SHARDS = re.compile(r"(.*)-(?:\?{5,}|\d{5,})-of-\d{5,}", re.DOTALL)
_OP_NAME = re.compile(r"[A-Za-z_][\w>./]*")


def find_graph_file(path: PathName) -> str:
    """Finds the file with the graph of what a caller names.

    Args:
        path: A file with a graph; a SavedModel's folder; or whatever ``open()`` takes,
            for the ``.meta`` file or the SavedModel to which that checkpoint belongs.

    Raises:
        FileNotFoundError: no graph is there; the message says what was looked for.
        UnsupportedError: the SavedModel is stored in chunks.
    """
    name = source_path(path)
    kind = kind_of(name)
    if kind == "file" and not _is_checkpoint_part(name):
        return name
    saved_model = _find_saved_model(name) if kind == "folder" else None
    return saved_model or _find_beside(resolve(name).prefix)


class GraphOfFile(NamedTuple):
    """A graph, and what the file is that holds it.

    Attributes:
        message: A MetaGraphDef, or a GraphDef where it is bare.
        kind: The file's message: ``SavedModel``, ``MetaGraphDef`` or ``GraphDef``.
        tags: Of a SavedModel the tags of each of its graphs.
    """

    message: Any
    kind: str
    tags: list[list[str]]


def read_graph(path: str, tags: Tags = None) -> GraphOfFile:
    """Reads a file's graph.

    Args:
        path: The file.
        tags: Which of a SavedModel's graphs; needed where there are several.

    Raises:
        CorruptionError: the file is no such message, or is damaged.
        ValueError: the tags do not name one graph.
    """
    message = _parse_file(path)
    kind = str(message.DESCRIPTOR.name)
    if kind == "SavedModel":
        chosen = _choose_graph(message.meta_graphs, tags, path)
        there = [list(it.meta_info_def.tags) for it in message.meta_graphs]
        return GraphOfFile(chosen, kind, there)
    if tags is not None:
        raise ValueError(
            f"{path!r} is no SavedModel, its graph has no tags to choose by"
        )
    return GraphOfFile(message, kind, [])


def parse(name: str, content: bytes, what: str, path: str | None = None) -> Any:
    """Gives a message from its bytes.

    Args:
        name: The message's type.
        content: Its bytes.
        what: What they are, for the error.
        path: The file that they are from, if any.

    Raises:
        CorruptionError: the bytes are no such message.
    """
    try:
        return get_message(name).FromString(content)
    except import_protobuf("message").DecodeError as error:
        raise CorruptionError(
            f"{what}: {len(content)} bytes that are no whole {name} message ({error}); "
            "the file is cut or damaged, copy it again to another place",
            path=path,
        ) from None


def _is_checkpoint_part(path: str) -> bool:
    if _CHECKPOINT_PART.fullmatch(path) or os.path.basename(path) == "checkpoint":
        return True
    return not path.endswith((".meta", ".pb", "txt")) and is_format(path, "v1")


def _find_saved_model(folder: str) -> str | None:
    for name in _SAVED_MODEL_NAMES:
        if is_file(path := os.path.join(folder, name)):
            return path
    if is_file(path := os.path.join(folder, _CHUNKED_NAME)):
        raise UnsupportedError(
            f"{path}: the SavedModel is stored in chunks, which are not read; save it "
            "again below 2 GiB",
            path=path,
        )
    return None


def _find_beside(prefix: str) -> str:
    shards = _SHARDS.fullmatch(prefix)
    stems = [prefix, shards[1] if shards else prefix, prefix.removesuffix(".ckpt")]
    for stem in stems:
        if is_file(path := f"{stem}.meta"):
            return path
    saved_model = _find_saved_model(os.path.dirname(os.path.dirname(prefix)) or ".")
    if saved_model is None:
        raise FileNotFoundError(
            errno.ENOENT,
            "no graph: the checkpoint has no .meta file beside it and is in no "
            "SavedModel; name the file that holds the graph",
            f"{stems[1]}.meta",
        )
    return saved_model


def _parse_file(path: str) -> Any:
    if kind_of(path) != "file":
        raise FileNotFoundError(errno.ENOENT, "no such file with a graph", path)
    size = os.stat(path).st_size
    if size > MAX_MESSAGE_BYTES:
        raise CorruptionError(
            f"{path}: {size} bytes; a protocol buffer has at most {MAX_MESSAGE_BYTES}, "
            "so this is no graph",
            path=path,
        )
    with open(path, "rb") as file:
        content = file.read()
    kinds = _list_kinds(os.path.basename(path))
    found = kind_of_bytes(content[:_BEGIN_BYTES]) if content else "empty"
    try:
        if path.endswith("txt") or found == "text graph":
            return _parse_text(kinds, content, path)
        return _parse_binary(kinds, content, path)
    except CorruptionError as error:
        if found in _GRAPHS:
            raise
        raise refusal_of(error, path, "graph") from error


def _list_kinds(base: str) -> list[str]:
    if base in _SAVED_MODEL_NAMES:
        return ["SavedModel"]
    if base.endswith((".meta", ".meta.txt", ".meta.pbtxt")):
        return ["MetaGraphDef"]
    return ["GraphDef", "MetaGraphDef", "SavedModel"]


def _parse_binary(kinds: list[str], content: bytes, path: str) -> Any:
    for kind in kinds:
        try:
            message = parse(kind, content, path, path)
        except CorruptionError:
            if kind == kinds[-1]:
                raise
            continue
        if _makes_sense(message):
            return message
    raise CorruptionError(f"{path}: {len(content)} bytes that hold no graph", path=path)


def _parse_text(kinds: list[str], content: bytes, path: str) -> Any:
    text_format = import_protobuf("text_format")
    reasons = []
    for kind in kinds:
        try:
            return text_format.Parse(
                content, get_message(kind)(), descriptor_pool=get_pool()
            )
        except (text_format.ParseError, UnicodeDecodeError) as error:
            reasons.append(f"as {kind}: {error}")
    raise CorruptionError(
        f"{path}: not the text form of a graph ({'; '.join(reasons)})", path=path
    )


def _makes_sense(message: Any) -> bool:
    """Tells bytes that are such a message from those of another that parse as one."""
    kind = message.DESCRIPTOR.name
    if kind == "SavedModel":
        return any(_makes_sense(graph) for graph in message.meta_graphs)
    if kind == "MetaGraphDef":
        return bool(message.HasField("graph_def")) and _makes_sense(message.graph_def)
    return all(_OP_NAME.fullmatch(node.op) for node in message.node[:3]) and bool(
        message.ListFields()
    )


def _choose_graph(graphs: Any, tags: Tags, path: str) -> Any:
    wanted = {tags} if isinstance(tags, str) else set(() if tags is None else tags)
    if tags is None:
        if len(graphs) == 1:
            return graphs[0]
        wanted = {"serve"}
    for graph in graphs:
        if set(graph.meta_info_def.tags) == wanted:
            return graph
    there = ", ".join(str(sorted(graph.meta_info_def.tags)) for graph in graphs)
    raise ValueError(
        f"{path!r} has no graph with the tags {sorted(wanted)}; it has {there}"
    )
