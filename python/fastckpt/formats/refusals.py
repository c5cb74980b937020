"""What the formats refuse, by name: tensors they cannot hold, a library not there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fastckpt.base.deferred import importing
from fastckpt.base.names import list_some

if TYPE_CHECKING:
    import numpy as np

__all__ = ["leave_out", "refuse", "refuse_types", "require"]

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
        listed = list_some(names, _MOST_NAMED)
        raise ValueError(f"{target} does not hold {kind}: {listed}; {remedy}")


def refuse_types(
    target: str,
    dtypes: Mapping[str, np.dtype[Any] | None],
    holds: Callable[[np.dtype[Any]], bool],
    old_names: Mapping[str, str] | None = None,
    *,
    are_cast: bool = True,
) -> None:
    """Raises where there are tensors of a type that a format cannot hold.

    Args:
        target: The format.
        dtypes: By name; None for what has no form in NumPy.
        holds: Whether the format holds a type of numbers.
        old_names: What those who can leave them out call them, where it differs.
        are_cast: Whether they can be cast on the way to it.

    Raises:
        ValueError: There is one.
    """
    numbers = {}
    strings, formless = [], []
    for new_name, dtype in dtypes.items():
        name = old_names.get(new_name, new_name) if old_names else new_name
        if dtype is None:
            formless.append(name)
        elif dtype.kind == "O":
            strings.append(name)
        elif not holds(dtype):
            numbers[name] = str(dtype)
    refuse(target, "strings", strings, leave_out(strings))
    refuse(target, "resources and variants", formless, leave_out(formless))
    kinds = ", ".join(sorted(set(numbers.values())))
    cast = "cast them (dtype=, --dtype) or " if are_cast else ""
    refuse(target, kinds, list(numbers), cast + leave_out(list(numbers)))


def leave_out(names: Sequence[str]) -> str:
    """Tells how tensors are left out."""
    shown = ", ".join(map(repr, names[:_MOST_NAMED]))
    more = ", ..." if len(names) > _MOST_NAMED else ""
    return f"leave them out (drop=[{shown}{more}], --drop)"


def require(module: str) -> None:
    """Raises where a library is missing, and tells how to get it.

    Raises:
        ImportError: It is.
    """
    with importing:
        from importlib.util import find_spec

    if find_spec(module) is None:
        raise ImportError(f"this needs {module}: pip install {module}", name=module)
