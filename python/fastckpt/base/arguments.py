"""What callers of the writers give, checked before anything is written."""

from __future__ import annotations

import operator
import os
from collections.abc import Iterable, Sequence
from typing import Any, SupportsIndex, TypeVar

__all__ = ["check_count", "check_prefixes", "encode_name", "to_placement"]

_Prefix = TypeVar("_Prefix")

# What the core counts in; nothing that is counted here comes near it.
_MOST = 2**31 - 1
_LARGEST = 2**63 - 1


def encode_name(name: Any) -> bytes:
    """Gives a tensor's name as it is stored.

    Raises:
        TypeError: It is no str.
        ValueError: It has no form in UTF-8 with ``surrogateescape``.
    """
    if not isinstance(name, str):
        raise TypeError(f"a tensor's name is a str, not {type(name).__name__}")
    return name.encode("utf-8", "surrogateescape")


def check_count(what: str, number: SupportsIndex) -> int:
    """Gives a number of at least 1.

    Raises:
        TypeError: It is no integer.
        ValueError: It is out of range.
    """
    try:
        count = operator.index(number)
    except TypeError:
        raise TypeError(f"{what} must be an integer, not {number!r}") from None
    if count < 1:
        raise ValueError(f"{what} must be at least 1, not {count}")
    if count > _MOST:
        raise ValueError(f"{what} must be less than 2^31, not {count}")
    return count


def to_placement(
    name: str,
    full_shape: Sequence[SupportsIndex],
    begin: Sequence[SupportsIndex | None],
) -> tuple[tuple[int, ...], tuple[int | None, ...]]:
    """Gives where a slice lies in a tensor, as the core takes it.

    Raises:
        TypeError: Something is no integer.
        ValueError: A number is beyond 2^63 - 1.
    """
    try:
        full = tuple(operator.index(size) for size in full_shape)
        start = tuple(None if at is None else operator.index(at) for at in begin)
    except TypeError as error:
        raise TypeError(
            f"tensor {name!r}: full_shape and begin are sequences of integers: {error}"
        ) from None
    for number in (*full, *start):
        if number is not None and abs(number) > _LARGEST:
            raise ValueError(f"tensor {name!r}: {number} is beyond 2^63 - 1")
    return full, start


def check_prefixes(what: str, prefixes: Iterable[_Prefix]) -> list[_Prefix]:
    """Gives the prefixes of a call that takes several.

    Raises:
        TypeError: They are a single one, whose letters would be taken for them.
    """
    if isinstance(prefixes, str | bytes | os.PathLike):
        raise TypeError(f"{what} are a list of prefixes, not the prefix {prefixes!r}")
    return list(prefixes)
