"""The errors that fastckpt raises, beside the built-in ones.

Files that cannot be read raise the ``OSError`` they are; a missing tensor is a
``KeyError`` and a bad argument a ``ValueError`` or ``TypeError``.
"""

from __future__ import annotations

from typing import Any

__all__ = ["CheckpointError", "CorruptionError", "UnsupportedError"]


class CheckpointError(Exception):
    """The base of what can be wrong with a checkpoint.

    Attributes:
        path: The file that the error is about, or None.
        offset: The byte offset in that file, or None.
        tensor: The name of the tensor, or None.
    """

    def __init__(
        self,
        message: str = "",
        *,
        path: str | None = None,
        offset: int | None = None,
        tensor: str | None = None,
    ) -> None:
        super().__init__(message)
        self.path = path
        self.offset = offset
        self.tensor = tensor

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.args, self.__dict__)


class CorruptionError(CheckpointError, ValueError):
    """The bytes of a file break the format."""


class UnsupportedError(CheckpointError, NotImplementedError):
    """The bytes are legal, but fastckpt does not handle them."""


def _rebuild(
    kind: type[CheckpointError], args: tuple[Any, ...], fields: dict[str, Any]
) -> CheckpointError:
    error = kind(*args)
    error.__dict__.update(fields)
    return error
