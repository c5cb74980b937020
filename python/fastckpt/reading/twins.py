"""What lives beside an open checkpoint: its twin, and its object graph.

A twin has the same open files, and is open when the other is closed. It is what an
object graph has its values from, so that a checkpoint holds its graph and the graph
holds no checkpoint that holds it: without a circle files are let go of at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastckpt.base.deferred import importing

if TYPE_CHECKING:
    from fastckpt.objects.mapping import ObjectGraph
    from fastckpt.reading.checkpoint import Checkpoint

__all__ = ["forget_objects", "objects_of", "twin"]

# A checkpoint's graph and its twin, in its __dict__.
_KEPT = "_objects"


def twin(checkpoint: Checkpoint) -> Checkpoint:
    """Makes another checkpoint of the same open files."""
    made = object.__new__(type(checkpoint))
    vars(made).update(vars(checkpoint))
    return made


def objects_of(checkpoint: Checkpoint) -> ObjectGraph:
    """Gives the object graph, read once; raises as ``Checkpoint.objects``."""
    with importing:
        from fastckpt.objects.mapping import ObjectGraph

    kept = vars(checkpoint).get(_KEPT)
    if kept is None:
        source = twin(checkpoint)
        # Threads that come together may read together; all get one.
        made = ObjectGraph.read(source), source
        kept = vars(checkpoint).setdefault(_KEPT, made)
    graph: ObjectGraph = kept[0]
    return graph


def forget_objects(checkpoint: Checkpoint) -> None:
    """Closes what the object graph has its values from."""
    kept = vars(checkpoint).pop(_KEPT, None)
    if kept is not None:
        kept[1].close()
