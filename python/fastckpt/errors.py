"""The errors that fastckpt raises, beside the built-in ones.

Files that cannot be read raise the ``OSError`` they are; a missing tensor is a
``KeyError``, here one whose text is not quoted, and a bad argument a ``ValueError`` or
``TypeError``.
"""

from __future__ import annotations

from typing import Any

__all__ = [
    "CheckpointError",
    "CorruptionError",
    "MissingKeyError",
    "UnsupportedError",
]


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


class MissingKeyError(KeyError):
    """A ``KeyError`` that says what is missing in a sentence.

    ``str()`` of a plain one quotes its text, as if that were the key. The text may be
    a ``LateText``: names like the missing one are looked for when it is shown.
    """

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


def _rebuild(
    kind: type[CheckpointError], args: tuple[Any, ...], fields: dict[str, Any]
) -> CheckpointError:
    error = kind(*args)
    error.__dict__.update(fields)
    return error
