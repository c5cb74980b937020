"""What people call the tensors of a TensorFlow 2 checkpoint, and which they mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from fastckpt.base.names import closest, find_fitting, list_some, missing
from fastckpt.errors import CheckpointError, MissingKeyError
from fastckpt.objects.message import GRAPH_KEY
from fastckpt.reading.twins import twin

if TYPE_CHECKING:
    from fastckpt.objects.mapping import ObjectGraph
    from fastckpt.reading.checkpoint import Checkpoint

__all__ = ["HumanNames", "lead_from", "missing_in"]

_MAGIC = frozenset("*?[")


class HumanNames:
    """The human paths of a checkpoint's tensors; none where it has no object graph.

    Attributes:
        paths: {key: human path}; of a variable that is stored twice, for both.
        parts: {key: the names that the path is made of}.

    Raises:
        CorruptionError: The object graph is damaged.
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._checkpoint = checkpoint
        self._graph = checkpoint.objects if GRAPH_KEY in checkpoint else None
        self.paths: dict[str, str] = {}
        self.parts: dict[str, tuple[str, ...]] = {}
        if self._graph is not None:
            for key, node in self._graph.by_key().items():
                self.paths[key] = node.path
                self.parts[key] = node.parts

    def __bool__(self) -> bool:
        return self._graph is not None

    def find(self, name: str) -> str | None:
        """Gives the key of the one value that a path means, None if it means none.

        Raises:
            KeyError: It may mean several; the message has their paths.
        """
        keys = [] if self._graph is None else self._graph.keys_of(name)
        if len(keys) > 1:
            raise MissingKeyError(_tell_several(name, keys, self.paths))
        return keys[0] if keys else None

    def find_all(self, wanted: str) -> list[str]:
        """Gives the keys that a path, or a pattern of paths, means.

        Raises:
            KeyError: It means none, or may mean several and is no pattern.
        """
        key = self.find(wanted)
        if key is not None:
            return [key]
        found = []
        if not _MAGIC.isdisjoint(wanted) and self._graph is not None:
            # Full names are not shown, and several values may have one.
            found = self.find_fitting(wanted) or _find_fitting(
                wanted,
                {key: it.full_name for key, it in self._graph.by_key().items()},
            )
        if not found:
            raise self._checkpoint._missing(wanted)
        return found

    def find_fitting(self, pattern: str) -> list[str]:
        """Gives the keys whose paths a pattern fits."""
        return _find_fitting(pattern, self.paths)


def _find_fitting(pattern: str, names: Mapping[str, str]) -> list[str]:
    fitting = set(find_fitting(pattern, set(names.values())))
    return [key for key, name in names.items() if name in fitting]


def missing_in(checkpoint: Checkpoint, name: object) -> MissingKeyError:
    """Makes the KeyError for a name that a checkpoint has no tensor of.

    Its text may be shown when the checkpoint was closed: what it needs stays open.
    """
    kept = twin(checkpoint)

    def lead(name: str) -> str:
        return lead_from(kept, name)

    return missing(name, checkpoint._reader.names, lead)


def lead_from(checkpoint: Checkpoint, name: str) -> str:
    """Tells the key of the tensor that people call so, or nearly so; "" if none."""
    try:
        if GRAPH_KEY not in checkpoint:
            return ""
        graph = checkpoint.objects
    except (CheckpointError, OSError, ValueError, KeyError):  # closed, damaged
        return ""
    return _tell_keys(name, graph) or _tell_close(name, graph, checkpoint)


def _tell_keys(name: str, graph: ObjectGraph) -> str:
    keys = graph.keys_of(name)
    if len(keys) > 1:
        return _tell_several(name, keys, {})
    return f"it is the human path of the key {keys[0]!r}" if keys else ""


def _tell_several(name: str, keys: list[str], paths: dict[str, str]) -> str:
    names = [paths.get(key, key) for key in keys]
    return f"{name!r} may be {len(keys):,} tensors: {list_some(names)}"


def _tell_close(name: str, graph: ObjectGraph, keys: Iterable[str]) -> str:
    paths = graph.names()
    close = closest(name, sorted({*paths, *keys}))
    told = [
        f"{each!r} (its key is {paths[each]!r})"
        if paths.get(each, each) != each
        else repr(each)
        for each in close
    ]
    return f"close to it: {', '.join(told)}" if told else ""
