"""What the formats refuse, by name: tensors they cannot hold, a library not there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fastckpt.deferred import importing

if TYPE_CHECKING:
    import numpy as np

__all__ = ["refuse", "refuse_types", "require"]

_MOST_NAMED = 5


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


def require(module: str) -> None:
    """Raises where a library is missing, and tells how to get it.

    Raises:
        ImportError: It is.
    """
    with importing:
        from importlib.util import find_spec

    if find_spec(module) is None:
        raise ImportError(f"this needs {module}: pip install {module}", name=module)
