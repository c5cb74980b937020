"""Tensors of a TensorFlow 2 checkpoint by the paths that people know."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TypeVar

from fastckpt.base.names import list_some, select
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

    A path that several tensors would have names none of them: they have their keys.

    Args:
        source: Where they are.
        kind: "keys" or "objects".

    Attributes:
        keys: {path: key}.

    Raises:
        ValueError: It is neither, or there is no object graph that has paths.
        CorruptionError: The object graph is damaged.
    """

    def __init__(self, source: Source, kind: str) -> None:
        if kind not in ("keys", "objects"):
            raise ValueError(f"names must be 'keys' or 'objects', not {kind!r}")
        self._source = source
        self.keys: dict[str, str] = {}
        self._called: dict[str, list[str]] = {}
        if kind == "keys":
            return
        if not isinstance(source, Checkpoint) or GRAPH_KEY not in source:
            raise ValueError(
                "names='objects' needs the object graph of a TensorFlow 2 checkpoint, "
                "and the source has none"
            )
        read_graph(source)  # is checked, however the source was opened
        objects = source.objects
        self._called = called = objects.called()
        self.keys = {it: key for it, key in objects.names().items() if it not in called}
        self.keys |= {it: keys[0] for it, keys in called.items() if len(keys) == 1}

    def typed(self) -> dict[str, str]:
        """Gives {key: what it is called}; what shares its path is called by its key."""
        return {
            key: path if len(keys) == 1 else key
            for path, keys in self._called.items()
            for key in keys
        }

    def choose(self, apart: Collection[str]) -> dict[str, str]:
        """Gives {key: path} of all but those with names of their own, or none.

        Raises:
            ValueError: Two would have one path.
        """
        chosen: dict[str, str] = {}
        for path, keys in self._called.items():
            left = [key for key in keys if key not in apart]
            if len(left) > 1:
                raise ValueError(
                    f"{list_some(left)} would all be called {path!r} "
                    "(names='objects'); give all but one of them another name by "
                    f"their keys, rename={{{left[-1]!r}: ...}}, or leave them out "
                    "with drop"
                )
            chosen.update(dict.fromkeys(left, path))
        return chosen

    def by_key(self, values: Mapping[str, _Value]) -> dict[str, _Value]:
        """Gives a mapping by keys for one by keys or paths.

        Raises:
            KeyError: A name is no tensor's.
            ValueError: Two are the same one's.
        """
        found: dict[str, _Value] = {}
        for name, value in values.items():
            self._check_one(name)
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
        self._check_one(pattern)
        is_named = pattern in self._source or pattern in self.keys
        return Found(self._match(pattern), is_named)

    def match_dropped(self, patterns: Iterable[str]) -> set[str]:
        """Gives the keys of the tensors that patterns leave out.

        Raises:
            KeyError: One fits nothing.
        """
        dropped: set[str] = set()
        for pattern in [patterns] if isinstance(patterns, str) else patterns:
            self._check_one(pattern)
            dropped |= spare_graph(self._match(pattern), pattern)
        return dropped

    def _match(self, pattern: str) -> list[str]:
        try:
            return match_one(self._source, pattern)
        except KeyError:
            paths = {path: [key] for path, key in self.keys.items()} | self._called
            slots = {path: slot for slot, path in enumerate(paths)}
            if not paths:
                raise
            found = select([pattern], lambda: list(paths), slots.get)
            return list(dict.fromkeys(key for path in found for key in paths[path]))

    def _check_one(self, name: object) -> None:
        """Raises ValueError where a name is a path that several tensors would have."""
        keys = self._called.get(name, ()) if isinstance(name, str) else ()
        if len(keys) > 1 and name not in self._source:
            raise ValueError(f"{name!r} may be {list_some(keys)}: say which by its key")
