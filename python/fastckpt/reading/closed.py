"""What stands for the reader of a checkpoint that was closed."""

from __future__ import annotations

from typing import NoReturn

__all__ = ["Closed"]


class Closed:
    """Stands for the reader of a checkpoint that was closed."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __getattr__(self, name: str) -> NoReturn:
        raise ValueError(f"the checkpoint {self._path!r} is closed")

    def __len__(self) -> int:
        return self.__getattr__("__len__")
