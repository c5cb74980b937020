"""``tf.dtypes.cast`` and the little of a tensor that its callers use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fastckpt.compat.tensorflow._dtype import DType, as_dtype
from fastckpt.compat.tensorflow.errors import UnimplementedError

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Tensor:
    """A value with the face of an eager tensor: ``numpy()``, ``dtype``, ``shape``.

    Args:
        value: the elements; kept, not copied.
        dtype: their type.
    """

    __slots__ = ("_value", "dtype")

    def __init__(self, value: NDArray[Any], dtype: DType) -> None:
        self._value = value
        self.dtype = dtype

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes of the dimensions."""
        return self._value.shape

    def numpy(self) -> Any:
        """Returns the elements as an array, or the scalar where there is one."""
        return self._value if self._value.ndim else self._value[()]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self._value, dtype=dtype, copy=copy)

    def __repr__(self) -> str:
        return (
            f"<tf.Tensor: shape={self.shape}, dtype={self.dtype.name}, "
            f"numpy={self.numpy()!r}>"
        )


def cast(x: Any, dtype: Any, name: str | None = None) -> Tensor:
    """Converts values to another type.

    Args:
        x: an array, a number, a list of numbers, or a Tensor.
        dtype: anything that `as_dtype` takes.
        name: ignored; TensorFlow's name for the operation.

    Returns:
        A Tensor; its array is a COPY, in native byte order. Fractions are cut
        off, imaginary parts dropped.

    Raises:
        TypeError: `dtype` is no type.
        UnimplementedError: from strings to numbers or the reverse.
    """
    wanted = as_dtype(dtype).base_dtype
    values = np.asarray(x)
    found = as_dtype(values)
    if (found.name == "string") != (wanted.name == "string"):
        raise UnimplementedError(
            None, None, f"Cast {found.name} to {wanted.name} is not supported"
        )
    if wanted.name == "string":
        return Tensor(_as_bytes(values), wanted)
    if found.is_complex and not wanted.is_complex:
        values = values.real
    target = np.dtype(wanted.as_numpy_dtype)
    stored = target[0] if target.names else target
    with np.errstate(all="ignore"):
        return Tensor(values.astype(stored), wanted)


def _as_bytes(values: NDArray[Any]) -> NDArray[Any]:
    encoded = np.empty(values.shape, dtype=object)
    for index, item in np.ndenumerate(values):
        encoded[index] = item.encode() if isinstance(item, str) else bytes(item)
    return encoded
