"""Arrays by name, each made when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

__all__ = ["LazyTensors"]


class LazyTensors(Mapping[str, NDArray[Any]]):
    """A mapping that keeps no array, so that memory holds one at a time."""

    def __init__(
        self, names: Sequence[str], make: Callable[[str], NDArray[Any]]
    ) -> None:
        self._names = dict.fromkeys(names)
        self._make = make

    def __getitem__(self, name: str) -> NDArray[Any]:
        if name not in self._names:
            raise KeyError(name)
        return self._make(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
