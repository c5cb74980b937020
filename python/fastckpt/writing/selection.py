"""What is to be saved: some of a mapping's tensors, and TensorFlow's types of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from fastckpt.base.arguments import encode_name
from fastckpt.reading.checkpoint import Checkpoint
from fastckpt.reading.steady import read_steadily

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
        return value_of(self._tensors, self._names[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

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
