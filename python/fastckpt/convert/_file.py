"""What the formats share: files written whole, and refusals by name."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

__all__ = ["refuse", "refuse_types", "require", "write_beside"]

_MOST_NAMED = 5


@contextmanager
def write_beside(path: str, fsync: bool) -> Iterator[str]:
    """Gives an empty file to write; it gets its name when the block ends well.

    Args:
        path: The name it gets. A file that has it stays until that instant, and stays
            where the block fails; views of it keep their bytes.
        fsync: Whether file and folder are on the disk when the block ends.
    """
    beside = f"{path}.tempstate{int.from_bytes(os.urandom(8), 'little')}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    with os.fdopen(os.open(beside, flags, 0o666)) as file:
        mode = os.fstat(file.fileno()).st_mode
    try:
        yield beside
        os.chmod(beside, mode)  # a library may have put a file of its own there
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


def refuse_types(
    target: str,
    dtypes: Mapping[str, np.dtype[Any] | None],
    holds: Callable[[np.dtype[Any]], bool],
) -> None:
    """Raises where there are tensors of a type that a format cannot hold.

    Args:
        target: The format.
        dtypes: By name; None for what has no form in NumPy.
        holds: Whether the format holds a type of numbers.

    Raises:
        ValueError: There is one.
    """
    leave_out = "leave them out (--drop)"
    numbers = {}
    strings, formless = [], []
    for name, dtype in dtypes.items():
        if dtype is None:
            formless.append(name)
        elif dtype.kind == "O":
            strings.append(name)
        elif not holds(dtype):
            numbers[name] = str(dtype)
    refuse(target, "strings", strings, leave_out)
    refuse(target, "resources and variants", formless, leave_out)
    kinds = ", ".join(sorted(set(numbers.values())))
    refuse(target, kinds, list(numbers), f"cast them (--dtype) or {leave_out}")


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
