"""What the formats share: files written whole, and refusals by name."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

__all__ = ["refuse", "require", "write_beside"]

_MOST_NAMED = 5


@contextmanager
def write_beside(path: str, fsync: bool) -> Iterator[str]:
    """Gives a name to write to; the file gets its own when the block ends well.

    Args:
        path: The name it gets. A file that has it stays until that instant, and stays
            where the block fails; views of it keep their bytes.
        fsync: Whether file and folder are on the disk when the block ends.
    """
    beside = f"{path}.tempstate{int.from_bytes(os.urandom(8), 'little')}"
    try:
        yield beside
        if fsync:
            _sync(beside)
        os.replace(beside, path)
    except BaseException:
        if os.path.lexists(beside):
            os.unlink(beside)
        raise
    if fsync:
        _sync(os.path.dirname(path) or ".")


def _sync(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def refuse(target: str, kind: str, names: Sequence[str], remedy: str) -> None:
    """Raises where there are tensors that a format cannot hold, and names them.

    Args:
        target: The format.
        kind: What it does not hold, in the plural.
        names: The tensors that are of this kind.
        remedy: What to do about it.

    Raises:
        ValueError: There is one.
    """
    if names:
        shown = ", ".join(map(repr, names[:_MOST_NAMED]))
        more = len(names) - _MOST_NAMED
        listed = f"{shown} and {more:,} more" if more > 0 else shown
        raise ValueError(f"{target} does not hold {kind}: {listed}; {remedy}")


def require(module: str, extra: str) -> None:
    """Raises where the library of an extra is missing, and tells how to get it.

    Raises:
        ImportError: It is.
    """
    from importlib.util import find_spec

    if find_spec(module) is None:
        raise ImportError(
            f"this needs {module}: pip install 'fastckpt[{extra}]'", name=module
        )
