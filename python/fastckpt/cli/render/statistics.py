"""What is said of the values of an array."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from fastckpt import Statistics
from fastckpt.checking.numbers import is_integer, is_numeric
from fastckpt.checking.statistics import statistics_of

__all__ = ["describe_values"]


def describe_values(
    array: NDArray[Any], found: Statistics | None = None
) -> dict[str, Any]:
    """Gives statistics that suit an array's type.

    Numbers: count, min, max, mean, std (of all, not of a sample), zeros, nan, inf; over
    the finite values, in float64. Complex numbers have the smallest and the largest
    magnitude in place of min and max. Booleans: how many are true. Strings: how many,
    how long. None stands where there is no value to tell it of.

    Args:
        array: The values.
        found: Their statistics, where they are known already.
    """
    if not is_numeric(array.dtype):
        return _describe_strings(array)
    if found is None:
        found = statistics_of(array)
    if array.dtype.kind == "b":
        true = array.size - found.zeros
        return {"count": array.size, "true": true, "false": found.zeros}
    is_complex = array.dtype.kind == "c"
    least, most = ("smallest", "largest") if is_complex else ("min", "max")
    described = {
        "count": array.size,
        least: found.min,
        most: found.max,
        "mean": found.mean,
        "std": found.std,
        "zeros": found.zeros,
    }
    if not is_integer(array.dtype):
        described |= {"nan": found.nan, "inf": found.inf}
    return described


def _describe_strings(array: NDArray[Any]) -> dict[str, Any]:
    if array.dtype.kind not in "OSU":  # dates, records
        return {"count": array.size}
    sizes = [len(value) for value in array.flat]
    return {
        "count": len(sizes),
        "bytes": sum(sizes),
        "shortest": min(sizes, default=None),
        "longest": max(sizes, default=None),
        "empty": sizes.count(0),
    }
