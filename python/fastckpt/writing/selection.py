"""What is to be saved: some of a mapping's tensors, and TensorFlow's types of them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from fastckpt.base.arguments import encode_name
from fastckpt.objects.message import GRAPH_KEY
from fastckpt.reading.checkpoint import Checkpoint
from fastckpt.reading.steady import read_steadily
from fastckpt.writing.object_graph import fit_object_graph

__all__ = ["Selection", "tf_dtypes_of", "value_of"]


class Selection(Mapping[str, Any]):
    """Some of a mapping's tensors, in the order of the names they have when stored.

    Args:
        tensors: Values by name.
        names: What they are stored as, and by that their names in `tensors`.
    """

    def __init__(self, tensors: Mapping[str, Any], names: Mapping[str, str]) -> None:
        self._tensors = tensors
        self._names = dict(sorted(names.items(), key=_stored_bytes))
        self._tf_dtype = tf_dtypes_of(tensors)

    def __getitem__(self, name: str) -> Any:
        graph = self._graph if name == GRAPH_KEY else None
        return graph or value_of(self._tensors, self._names[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    @property
    def _graph(self) -> bytes | None:
        """The object graph that fits what is chosen of an open checkpoint."""
        if not isinstance(self._tensors, Checkpoint):
            return None
        names: dict[str, list[str]] = {}
        for stored, name in self._names.items():
            names.setdefault(name, []).append(stored)
        return fit_object_graph(self._tensors, names).get(GRAPH_KEY)

    def warn_of_graph(self) -> None:
        """Warns the caller's caller where an open checkpoint's object graph stays out.

        Warns:
            UserWarning: It does, and nothing else of the checkpoint need be missing.
        """
        is_graph = isinstance(self._tensors, Checkpoint) and GRAPH_KEY in self._tensors
        if is_graph and self._names and GRAPH_KEY not in self._names.values():
            warnings.warn(
                f"the object graph, {GRAPH_KEY!r}, is none of the names to save, and "
                "tf.train.Checkpoint restores nothing without it",
                UserWarning,
                stacklevel=3,
            )

    def tf_dtype(self, name: str) -> str | None:
        """Gives TensorFlow's name of a tensor's type, None where nothing tells."""
        return self._tf_dtype(self._names[name])


def tf_dtypes_of(tensors: Mapping[str, Any]) -> Callable[[str], str | None]:
    """Gives what tells TensorFlow's types: an open checkpoint knows them."""
    if isinstance(tensors, Checkpoint):
        return lambda name: tensors.info(name).tf_dtype
    if isinstance(tensors, Selection):
        return tensors.tf_dtype
    return lambda name: None


def value_of(tensors: Mapping[str, Any], name: str) -> Any:
    """Gives a value; of an open checkpoint a copy, for its file may be cut."""
    if isinstance(tensors, Checkpoint):
        return read_steadily(tensors, name)
    return tensors[name]


def _stored_bytes(item: tuple[str, str]) -> bytes:
    return encode_name(item[0])
