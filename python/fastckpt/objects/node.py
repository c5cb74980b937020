"""One value of one object, as people see it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from fastckpt.objects.message import Value

if TYPE_CHECKING:
    from fastckpt._native import TensorInfo

__all__ = ["ObjectNode", "Tensors"]

Array = np.ndarray[Any, Any]


class Tensors(Protocol):
    """Where the values are: an open checkpoint."""

    def __contains__(self, key: object, /) -> bool: ...
    def __getitem__(self, key: str, /) -> Array: ...
    def info(self, name: str, /) -> TensorInfo: ...
    def load(self, names: Iterable[str], /) -> dict[str, Array]: ...


class ObjectNode:
    """One value of one object: mostly a variable's."""

    def __init__(
        self,
        tensors: Tensors,
        path: tuple[str, ...],
        value: Value,
        object_path: tuple[str, ...],
    ) -> None:
        self._tensors = tensors
        self._parts = path
        self._object_path = object_path
        self._value = value
        self._slots: dict[str, ObjectNode] = {}

    def __repr__(self) -> str:
        return f"<ObjectNode {self.path!r}: {self.tf_dtype} {self.shape}>"

    @property
    def path(self) -> str:
        """The human path, ``"model/dense/kernel"``."""
        return "/".join(self._parts)

    @property
    def parts(self) -> tuple[str, ...]:
        """The names that the human path is made of; a name may have a slash itself."""
        return self._parts

    @property
    def object_path(self) -> tuple[str, ...]:
        """The names by which the program's objects hold each other."""
        return self._object_path

    @property
    def key(self) -> str:
        """The tensor's name in the checkpoint."""
        return self._value.key

    @property
    def attribute(self) -> str:
        """Which value of the object it is; of a variable ``"VARIABLE_VALUE"``."""
        return self._value.name

    @property
    def full_name(self) -> str:
        """The variable's own name, which several may share; "" if it has none."""
        return self._value.full_name

    @property
    def shape(self) -> tuple[int, ...]:
        """The tensor's dimensions."""
        return tuple(self._tensors.info(self.key).shape)

    @property
    def dtype(self) -> np.dtype[Any] | None:
        """The tensor's NumPy type."""
        return self._tensors.info(self.key).dtype

    @property
    def tf_dtype(self) -> str:
        """TensorFlow's name of the type."""
        return self._tensors.info(self.key).tf_dtype

    @property
    def slots(self) -> dict[str, ObjectNode]:
        """What optimizers keep for this variable, by the slots' names.

        Empty where neither the object graph nor a name tells it without a doubt.
        """
        return self._slots

    def value(self) -> np.ndarray[Any, Any]:
        """Gives the tensor as ``ckpt[key]`` does: a view where the file allows it."""
        return self._tensors[self.key]
