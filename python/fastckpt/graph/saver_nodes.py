"""The nodes by which savers learn what file is meant.

A program may have several savers, and the graph tells of one (SaverDef); the nodes that
save and restore tell of the others.
"""

from __future__ import annotations

from typing import Any

from fastckpt.graph.names import parse_input
from fastckpt.graph.values import SaverInfo

__all__ = ["find_filename_nodes"]

_STORING_OPS = frozenset(
    {"MergeV2Checkpoints", "Restore", "RestoreSlice", "RestoreV2"}
    | {"Save", "SaveSlices", "SaveV2"}
)
# Of these the name of a file is made.
_NAMING_OPS = frozenset(
    {"Const", "Identity", "Pack", "Placeholder", "PlaceholderWithDefault"}
    | {"ShardedFilename", "ShardedFilespec", "StringJoin"}
)


def find_filename_nodes(graph: Any, saver: SaverInfo | None) -> set[str]:
    """Gives the nodes of a GraphDef that savers make their files' names of."""
    nodes = {node.name: node for node in graph.node}
    waiting = [parse_input(saver.filename_tensor_name).node] if saver else []
    for node in nodes.values():
        if node.op in _STORING_OPS and node.input:
            waiting.append(parse_input(node.input[0]).node)
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in found or name not in nodes or nodes[name].op not in _NAMING_OPS:
            continue
        found.add(name)
        sources = map(parse_input, nodes[name].input)
        waiting += [source.node for source in sources if not source.is_control]
    return found
