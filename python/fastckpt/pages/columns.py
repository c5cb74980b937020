"""Rows as the script of a page reads them: columns, small, and a piece at a time.

Names are in the order people count, so that neighbours begin alike: of each stands how
many characters of the name before it are kept, and the rest. A column whose values are
all the same is that value. Texts that many rows share are numbers of a list.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fastckpt.base.html import embed_json
from fastckpt.checking.statistics import Statistics

__all__ = [
    "Shared",
    "digits_between",
    "digits_of",
    "embed",
    "embed_rows",
    "pack_counts",
    "pack_names",
    "pack_number",
]

_LEVELS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
"""What stands for the heights from 0 to 63."""

_TOP = len(_LEVELS) - 1
_SAFE = 1 << 53
_ALL_DIGITS = 17
_LAST_SINGLE = "\uffff"


class Shared:
    """Texts that many rows share, each with its number."""

    def __init__(self) -> None:
        self._numbers: dict[Any, int] = {}

    def add(self, value: Any) -> int:
        """Gives a value's number."""
        return self._numbers.setdefault(value, len(self._numbers))

    def list(self) -> list[Any]:
        """Gives the values by number."""
        return list(self._numbers)


def embed_rows(columns: Mapping[str, Any]) -> str:
    """Gives the element in which a page keeps rows."""
    joined = {
        name: column if name.endswith("rest") else _join(column)
        for name, column in columns.items()
    }
    return embed("rows", joined)


def embed(kind: str, value: Mapping[str, Any]) -> str:
    """Gives the element in which a page keeps data of a kind."""
    start = f'<script type="application/json" class="{kind}">'
    return f"{start}{embed_json(value)}</script>\n"


def _join(column: Any) -> Any:
    """Gives one value for a list of numbers or nothing that are all the same."""
    if not isinstance(column, list) or not column or isinstance(column[0], list):
        return column
    first = column[0]
    is_same = all(it == first and type(it) is type(first) for it in column)
    return {"all": first} if is_same else column


def pack_names(names: Sequence[str]) -> dict[str, list[Any]]:
    """Gives how much of the name before is kept, and the rest."""
    keep, rest, before = [], [], ""
    for name in names:
        count = _count_alike(before, name)
        keep.append(count)
        rest.append(name[count:])
        before = name
    return {"keep": keep, "rest": rest}


def _count_alike(one: str, two: str) -> int:
    """Counts the characters with which both begin, as JavaScript counts them.

    It counts what is beyond the first 65,536 characters twice: there they end.
    """
    low, high = 0, min(len(one), len(two))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == two[low:middle]:
            low = middle
        else:
            high = middle - 1
    alike = one[:low]
    if alike.isascii():
        return low
    return next((i for i, it in enumerate(alike) if it > _LAST_SINGLE), low)


def pack_number(value: float | complex | None, digits: int = 6) -> float | str | None:
    """Gives some digits of a number; as a text what JSON or JavaScript cannot hold.

    All of integers, and of other numbers all before the point: zeros there would be
    taken for digits.
    """
    if value is None or isinstance(value, int):
        is_exact = value is None or -_SAFE < value < _SAFE
        return value if is_exact else str(value)
    if isinstance(value, complex):
        return f"{value:.{digits}g}"
    if not math.isfinite(value):
        return str(value)
    if 10**digits <= abs(value) < _SAFE:
        return round(value)
    # Near the end of float64 fewer digits are no finite number.
    rounded = float(f"{value:.{digits}g}")
    return rounded if math.isfinite(rounded) else value


def digits_of(found: Statistics, digits: int = 6) -> int:
    """Gives how many digits tell a tensor's numbers apart."""
    if found.min is None or found.max is None:
        return digits
    return digits_between(found.min, found.max, digits)


def digits_between(one: float, two: float, digits: int) -> int:
    """Gives how many digits tell two numbers, and some between them, apart."""
    try:
        distance, size = float(abs(two - one)), float(max(abs(one), abs(two)))
    except OverflowError:
        return digits
    if not 0 < distance < size < math.inf:
        return digits
    return min(
        digits + math.floor(math.log10(size) - math.log10(distance)), _ALL_DIGITS
    )


def pack_counts(counts: Iterable[int], is_exact: bool) -> list[int] | str | None:
    """Gives how values are spread over bins of one width; of one bin nothing.

    Args:
        counts: How many values each bin has.
        is_exact: Whether to keep these; else heights of 64 levels are what is left,
            where there are more than that.
    """
    counts = list(counts)
    if len(counts) < 2:
        return None
    most = max(counts)
    if is_exact and most > _TOP:
        return counts
    if most > _TOP:
        # Rounded up: what has a value has a height.
        counts = [(count * _TOP + most - 1) // most for count in counts]
    return bytes(map(_LEVELS.__getitem__, counts)).decode()
