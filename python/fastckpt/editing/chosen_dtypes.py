"""Which dtype each tensor is to get: one for all, or one by name or pattern."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from fastckpt.base.cast import (
    DType,
    check_cast,
    is_complex,
    is_floating,
    is_integer,
    to_dtype,
)

if TYPE_CHECKING:
    import numpy as np

    from fastckpt.formats.lazy_tensors import ArrayInfo
    from fastckpt.reading.results import TensorInfo

    Info: TypeAlias = TensorInfo | ArrayInfo

__all__ = ["QUANTIZED", "Found", "choose_dtypes"]

QUANTIZED = ("qint", "quint")
"""How TensorFlow's names of its quantized types begin; NumPy has integers for them."""


class Found(NamedTuple):
    """The tensors that a name or pattern means.

    Attributes:
        names: These.
        is_named: Whether it is the one's name, and no pattern.
    """

    names: list[str]
    is_named: bool


def choose_dtypes(
    infos: Iterable[Info],
    dtype: DType | Mapping[str, DType] | None,
    find: Callable[[str], Found],
) -> dict[str, np.dtype[Any]]:
    """Gives the new dtype of the tensors that get one.

    A pattern takes tensors of its dtype's kind alone: who wants half floats wants no
    half ids. A name takes its tensor, whatever that is.

    Args:
        infos: All tensors that there are.
        dtype: One for all floating tensors, or several by name or pattern, of which
            the first that fits counts.
        find: Gives what a name or pattern means.

    Raises:
        KeyError: A name or pattern means nothing.
        ValueError: A cast makes no sense; a pattern means no tensor of its kind.
        TypeError: A dtype is none.
    """
    by_name = {info.name: info for info in infos}
    wanted: dict[str, np.dtype[Any]] = {}
    if isinstance(dtype, Mapping):
        for pattern, target in dtype.items():
            for name in _take(pattern, to_dtype(target), find(pattern), by_name):
                wanted.setdefault(name, to_dtype(target))
    elif dtype is not None:
        one = to_dtype(dtype)
        wanted = {name: one for name, it in by_name.items() if is_floating(it.dtype)}
    return {name: new for name, new in wanted.items() if by_name[name].dtype != new}


def _take(
    pattern: str,
    target: np.dtype[Any],
    found: Found,
    by_name: Mapping[str, Info],
) -> list[str]:
    if found.is_named:
        return found.names
    taken = [name for name in found.names if _is_kin(by_name[name], target)]
    if not taken:
        first = by_name[found.names[0]]
        check_cast(first.name, first.dtype, target)
        raise ValueError(
            f"pattern {pattern!r}: a pattern casts tensors of its dtype's kind alone, "
            f"and what it fits, {first.name!r} ({first.dtype}) first, is not of "
            f"{target}'s; give such tensors by their whole names"
        )
    return taken


def _is_kin(info: Info, target: np.dtype[Any]) -> bool:
    """Tells whether a pattern takes a tensor: never bools and strings, nor what only
    looks like integers, TensorFlow's quantized types."""
    if is_integer(target):
        is_quantized = (info.tf_dtype or "").startswith(QUANTIZED)
        return is_integer(info.dtype) and not is_quantized
    if is_complex(target):
        return is_floating(info.dtype) or is_complex(info.dtype)
    return is_floating(target) and is_floating(info.dtype)
