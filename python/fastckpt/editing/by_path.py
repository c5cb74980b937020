"""Tensors of a TensorFlow 2 checkpoint by the paths that people know."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from fastckpt.base.names import select
from fastckpt.editing.chosen_dtypes import Found
from fastckpt.editing.dropped import spare_graph
from fastckpt.editing.plan import Source, match_one
from fastckpt.objects.message import GRAPH_KEY
from fastckpt.reading.checkpoint import Checkpoint
from fastckpt.writing.object_graph import read_graph

__all__ = ["Names"]

_Value = TypeVar("_Value")


class Names:
    """What tensors are called: by their keys, or by the objects' paths, too.

    Args:
        source: Where they are.
        kind: "keys" or "objects".

    Raises:
        ValueError: It is neither, or there is no object graph that has paths.
        CorruptionError: The object graph is damaged.
    """

    def __init__(self, source: Source, kind: str) -> None:
        if kind not in ("keys", "objects"):
            raise ValueError(f"names must be 'keys' or 'objects', not {kind!r}")
        self._source = source
        self.keys: dict[str, str] = {}
        if kind == "keys":
            return
        if not isinstance(source, Checkpoint) or GRAPH_KEY not in source:
            raise ValueError(
                "names='objects' needs the object graph of a TensorFlow 2 checkpoint, "
                "and the source has none"
            )
        read_graph(source)  # is checked, however the source was opened
        self.keys = source.objects.names()

    def by_key(self, values: Mapping[str, _Value]) -> dict[str, _Value]:
        """Gives a mapping by keys for one by keys or paths.

        Raises:
            KeyError: A name is no tensor's.
            ValueError: Two are the same one's.
        """
        found: dict[str, _Value] = {}
        for name, value in values.items():
            key = name if name in self._source else self.keys.get(name, name)
            if self._source.info(key).name in found:
                raise ValueError(f"{name!r} and {key!r} are one tensor")
            found[key] = value
        return found

    def find(self, pattern: str) -> Found:
        """Gives the keys that a name or pattern means: of keys, or else of paths.

        Raises:
            KeyError: It means none.
        """
        is_named = pattern in self._source or pattern in self.keys
        return Found(self._match(pattern), is_named)

    def match_dropped(self, patterns: Iterable[str]) -> set[str]:
        """Gives the keys of the tensors that patterns leave out.

        Raises:
            KeyError: One fits nothing.
        """
        dropped: set[str] = set()
        for pattern in [patterns] if isinstance(patterns, str) else patterns:
            dropped |= spare_graph(self._match(pattern), pattern)
        return dropped

    def _match(self, pattern: str) -> list[str]:
        try:
            return match_one(self._source, pattern)
        except KeyError:
            paths = list(self.keys)
            slots = {path: slot for slot, path in enumerate(paths)}
            if not paths:
                raise
            found = select([pattern], lambda: paths, slots.get)
            return [self.keys[path] for path in found]
