"""From one dtype to another, where that loses no more than precision."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastckpt._native import cast_floats
from fastckpt.base.deferred import importing

__all__ = [
    "DType",
    "Losses",
    "cast",
    "check_cast",
    "check_exact",
    "count_lost",
    "is_complex",
    "is_floating",
    "is_integer",
    "is_of_core",
    "to_dtype",
]

DType = str | np.dtype[Any] | type[Any]
"""What names a dtype: ``"bfloat16"``, ``np.float32``, a ``numpy.dtype``."""

_KINDS = {"bool": 0, "int": 1, "uint": 1, "float": 2, "bfloat": 2, "complex": 3}
"""How a dtype's name begins, and how wide its kind is: casts go up or stay."""


_OF_CORE = frozenset({"float64", "float32", "float16", "bfloat16"})


def to_dtype(dtype: DType) -> np.dtype[Any]:
    """Gives a NumPy dtype; the names that ml_dtypes brings are known too.

    Raises:
        TypeError: It names no dtype.
    """
    if dtype is None:  # which NumPy takes for float64
        raise TypeError("None is no dtype of numbers")
    try:
        return np.dtype(dtype)
    except TypeError:
        with importing:
            import ml_dtypes

        found = getattr(ml_dtypes, str(dtype), None)
        if not (isinstance(found, type) and issubclass(found, np.generic)):
            raise TypeError(f"{dtype!r} is no dtype of numbers") from None
        return np.dtype(found)


def _kind(dtype: np.dtype[Any]) -> int | None:
    for beginning, kind in _KINDS.items():
        if dtype.name.startswith(beginning):
            return kind
    return None


def is_floating(dtype: np.dtype[Any] | None) -> bool:
    """Tells whether a dtype is of real floating-point numbers of whatever size."""
    return dtype is not None and _kind(dtype) == _KINDS["float"]


def is_integer(dtype: np.dtype[Any] | None) -> bool:
    """Tells whether a dtype is of integers of whatever size; of bools it is not."""
    return dtype is not None and dtype.kind != "b" and _kind(dtype) == _KINDS["int"]


def is_complex(dtype: np.dtype[Any] | None) -> bool:
    """Tells whether a dtype is of complex numbers."""
    return dtype is not None and _kind(dtype) == _KINDS["complex"]


def is_of_core(dtype: np.dtype[Any]) -> bool:
    """Tells whether the core casts a dtype to the others of which it says so."""
    return dtype.isnative and dtype.name in _OF_CORE


def check_cast(name: str, source: np.dtype[Any] | None, target: np.dtype[Any]) -> None:
    """Checks that values of one dtype may become another.

    Floats do not become integers, and complex numbers no floats: that would drop
    what they are about. Strings are no numbers.

    Raises:
        ValueError: They may not; the tensor is named.
    """
    old = None if source is None else _kind(source)
    new = _kind(target)
    if old is None or new is None or new < old:
        raise ValueError(f"tensor {name!r}: {source} does not become {target}")


def cast(
    name: str, array: NDArray[Any], dtype: np.dtype[Any]
) -> tuple[NDArray[Any], int]:
    """Gives an array in another dtype, and how many floats it could not hold.

    Those are told by ``count_lost``. Floats may be rounded, integers may not: a step
    number or an id is another one then.

    Raises:
        ValueError: Integers do not fit, or a float does not hold them exactly.
    """
    if is_of_core(array.dtype) and is_of_core(dtype) and array.dtype != dtype:
        return _cast_in_core(array, dtype)
    is_whole = _kind(array.dtype) in (_KINDS["bool"], _KINDS["int"])
    if is_whole and array.dtype.kind in "Vb":
        array = array.astype(np.int8)  # types below a byte have no casts to another
    result = _convert(array, dtype)
    if _kind(dtype) == _KINDS["int"]:
        # There and back -1 stays -1, though it was 255 on the way.
        differs = result.astype(array.dtype) != array
        wrong = np.count_nonzero(differs | ((result < 0) != (array < 0)))
        if wrong:
            raise ValueError(f"tensor {name!r}: {wrong:,} numbers do not fit {dtype}")
        return result, 0
    if is_whole:
        check_exact(name, array, result)
        return result, 0
    return result, count_lost(array, result)


def _cast_in_core(
    array: NDArray[Any], dtype: np.dtype[Any]
) -> tuple[NDArray[Any], int]:
    array = np.asarray(array, order="C")
    result: NDArray[Any] = np.empty(array.shape, dtype)
    numbers, room = (it.reshape(-1).view(np.uint8) for it in (array, result))
    return result, cast_floats(numbers, array.dtype.name, room, dtype.name)


def _convert(array: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    with np.errstate(all="ignore"):
        try:
            return array.astype(dtype)
        except TypeError:  # ml_dtypes has no cast between some of its smallest types
            return array.astype(np.float32).astype(dtype)


def count_lost(given: NDArray[Any], result: NDArray[Any]) -> int:
    """Counts the floating numbers that a cast made something else than rounded.

    Finite ones that are infinite or NaN now, or the largest number of a type that has
    nothing beyond it; infinite ones that are not, NaN that is a number, zeros that
    are none. Of a complex number each part may be; it counts once.
    """
    if is_complex(result.dtype) and is_complex(given.dtype):
        pairs = [(part(given), part(result)) for part in (_real, _imag)]
    else:
        pairs = [(given, _real(result) if is_complex(result.dtype) else result)]
    with np.errstate(all="ignore"):
        lost = [_is_lost(*pair) for pair in pairs]
    return int(np.count_nonzero(np.logical_or.reduce(lost)))


def _is_lost(given: NDArray[Any], result: NDArray[Any]) -> NDArray[np.bool_]:
    is_finite = np.isfinite(given)
    lost: NDArray[np.bool_] = is_finite != np.isfinite(result)
    if not is_finite.all():
        lost |= np.isnan(given) != np.isnan(result)
    largest = _find_bound(result.dtype)
    if largest is not None:
        lost |= np.abs(given.astype(np.float64)) >= largest
    if _has_no_zero(result.dtype):
        lost |= given == 0
    return lost


def _find_bound(dtype: np.dtype[Any]) -> float | None:
    """Gives what is too large for a type that has nothing beyond its largest number.

    Half a step beyond that number one would round up to the next, if there was one.
    """
    if not np.isfinite(np.array([np.inf], np.float32).astype(dtype))[0]:
        return None
    with importing:
        import ml_dtypes

    facts = ml_dtypes.finfo(dtype)  # type: ignore[no-untyped-call]
    largest = float(facts.max)
    step = float(facts.eps) * 2.0 ** math.floor(math.log2(largest))
    return largest + step / 2


def _has_no_zero(dtype: np.dtype[Any]) -> bool:
    return bool(np.zeros(1, np.float32).astype(dtype)[0] != 0)


def _real(array: NDArray[Any]) -> NDArray[Any]:
    return _wide(array).real


def _imag(array: NDArray[Any]) -> NDArray[Any]:
    return _wide(array).imag


def _wide(array: NDArray[Any]) -> NDArray[Any]:
    """Gives complex numbers as NumPy's own, of which parts can be taken."""
    return array if array.dtype.kind == "c" else array.astype(np.complex128)


def check_exact(name: str, given: NDArray[Any], result: NDArray[Any]) -> None:
    """Checks that integers are the same numbers as floats.

    Raises:
        ValueError: They are not; the tensor and the first are named.
    """
    wide = (_real(result) if is_complex(result.dtype) else result).astype(np.float64)
    limits = np.iinfo(given.dtype)
    # What was rounded up to 2^63, say, comes back as whatever the processor likes.
    is_in_range = (wide >= float(limits.min)) & (wide < float(limits.max + 1))
    with np.errstate(all="ignore"):
        is_same = is_in_range & (wide.astype(given.dtype) == given)
    if not is_same.all():
        first = int(given[~is_same].flat[0])
        raise ValueError(
            f"tensor {name!r}: {result.dtype} does not hold {first} exactly, floats "
            "would round it; give it a wider dtype, or leave it as it is"
        )


class Losses:
    """Counts what casts could not hold, to tell of it once."""

    def __init__(self) -> None:
        self._first: dict[str, np.dtype[Any]] = {}
        self._numbers = 0

    def cast(
        self, name: str, array: NDArray[Any], dtype: np.dtype[Any] | None
    ) -> NDArray[Any]:
        """Casts, and counts what is lost (``count_lost``); None changes nothing."""
        if dtype is None:
            return array
        result, lost = cast(name, array, dtype)
        self.add(name, dtype, lost)
        return result

    def add(self, name: str, dtype: np.dtype[Any], lost: int) -> None:
        """Takes note of how many numbers of a tensor were lost."""
        if lost:
            self._first.setdefault(name, dtype)
            self._numbers += lost

    def warn(self, stacklevel: int = 3) -> None:
        """Warns of what was lost, the caller's caller, if anything was.

        Warns:
            RuntimeWarning: How many numbers, in how many tensors, and the first.
        """
        if not self._first:
            return
        name, dtype = next(iter(self._first.items()))
        tensors = len(self._first)
        warnings.warn(
            f"{self._numbers:,} numbers in {tensors:,} tensor{'s'[: tensors > 1]} were "
            "too large or have no form in their new dtype, and became infinite, NaN or "
            f"other numbers, first in {name!r}, now {dtype}",
            RuntimeWarning,
            stacklevel=stacklevel,
        )
