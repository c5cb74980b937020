"""How to run a graph with TensorFlow: lines of Python, ``...`` for what to feed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from keyword import iskeyword

from fastckpt.graph.meta_graph import MetaGraph
from fastckpt.graph.survey import Ends

__all__ = ["make_recipe"]

_BEGIN = ("tf1 = tf.compat.v1", "tf1.disable_eager_execution()")


def make_recipe(meta: MetaGraph, ends: Ends, checkpoint: str | None) -> list[str]:
    """Gives the lines; none where no outputs are known, or the graph is in no file.

    Args:
        meta: The graph.
        ends: Its inputs and outputs.
        checkpoint: The prefix of its checkpoint, where one is there.
    """
    if meta.path is None or not ends.outputs:
        return []
    if meta.path.endswith("txt"):
        return []
    if meta.kind == "SavedModel":
        names = ends.inputs
        is_plain = all(it.isidentifier() and not iskeyword(it) for it in names)
        is_called = is_plain and ends.signature is not None
        return list(_load(meta, ends) if is_called else _load_session(meta, ends))
    make = _restore if meta.kind == "MetaGraphDef" else _import
    return list(make(meta.path, ends, checkpoint))


def _load(meta: MetaGraph, ends: Ends) -> Iterator[str]:
    folder = os.path.dirname(meta.path or "") or "."
    tags = f", tags={meta.meta_info.tags!r}" if len(meta.graph_tags) > 1 else ""
    yield f"model = tf.saved_model.load({folder!r}{tags})"
    fed = ", ".join(f"{name}=..." for name in ends.inputs)
    yield f"model.signatures[{ends.signature!r}]({fed})"


def _load_session(meta: MetaGraph, ends: Ends) -> Iterator[str]:
    """Loads as TensorFlow 1 does, which takes names that are none in Python."""
    folder = os.path.dirname(meta.path or "") or "."
    yield from _BEGIN
    yield "session = tf1.Session()"
    tags = meta.meta_info.tags
    yield f"tf1.saved_model.load(session, {tags!r}, {folder!r})"
    yield _run(ends, "session")


def _restore(path: str, ends: Ends, checkpoint: str | None) -> Iterator[str]:
    yield from _BEGIN
    yield f"saver = tf1.train.import_meta_graph({path!r})"
    yield "session = tf1.Session()"
    if checkpoint is not None:
        yield f"saver.restore(session, {checkpoint!r})"
    yield _run(ends, "session")


def _import(path: str, ends: Ends, checkpoint: str | None) -> Iterator[str]:
    yield from _BEGIN
    yield "graph = tf1.GraphDef()"
    yield f"graph.ParseFromString(open({path!r}, 'rb').read())"
    yield "tf1.import_graph_def(graph, name='')"
    yield _run(ends, "tf1.Session()")


def _run(ends: Ends, session: str) -> str:
    outputs = [it.name for it in ends.outputs.values()]
    fed = ", ".join(f"{it.name!r}: ..." for it in ends.inputs.values())
    return f"{session}.run({outputs}, {{{fed}}})"
