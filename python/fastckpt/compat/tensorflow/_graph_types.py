"""TensorFlow's classes of what a graph is made of, to ask whether a value is of them.

Libraries that work without TensorFlow ask this of every value as soon as they can
import it: Keras on torch or jax, einops. No value here ever is.
"""

from __future__ import annotations

from typing import Any, NoReturn

from fastckpt.compat.tensorflow._namespaces import namespace
from fastckpt.compat.tensorflow._out_of_reach import out_of_reach
from fastckpt.compat.tensorflow._tensor import Tensor

__all__ = [
    "Dimension",
    "IndexedSlices",
    "Operation",
    "RaggedTensor",
    "RaggedTensorSpec",
    "SparseTensor",
    "SparseTensorSpec",
    "TensorArray",
    "TensorShape",
    "TensorSpec",
    "TypeSpec",
    "Variable",
    "data",
    "internal",
    "is_symbolic_tensor",
    "is_tensor",
]


class _OutOfReach(type):
    """A class of which nothing can be made."""

    _asked: tuple[str, str]

    def __call__(cls, *args: Any, **kwargs: Any) -> NoReturn:
        raise out_of_reach(*cls._asked)

    def __getattr__(cls, name: str) -> NoReturn:
        raise out_of_reach(".".join(cls._asked), name)


def _make_class(namespace: str, name: str) -> type:
    """Makes a class of this name; to make one of it is out of reach."""
    members = {"__doc__": f"{namespace}.{name}, of which nothing here is."}
    return _OutOfReach(name, (), {**members, "_asked": (namespace, name)})


Dimension = _make_class("tf", "Dimension")
IndexedSlices = _make_class("tf", "IndexedSlices")
Operation = _make_class("tf", "Operation")
RaggedTensor = _make_class("tf", "RaggedTensor")
RaggedTensorSpec = _make_class("tf", "RaggedTensorSpec")
SparseTensor = _make_class("tf", "SparseTensor")
SparseTensorSpec = _make_class("tf", "SparseTensorSpec")
TensorArray = _make_class("tf", "TensorArray")
TensorShape = _make_class("tf", "TensorShape")
TensorSpec = _make_class("tf", "TensorSpec")
TypeSpec = _make_class("tf", "TypeSpec")
Variable = _make_class("tf", "Variable")
data = namespace("tf.data", Dataset=_make_class("tf.data", "Dataset"))
internal = namespace(
    "tf.__internal__", CompositeTensor=_make_class("tf.__internal__", "CompositeTensor")
)


def is_tensor(x: Any) -> bool:
    """Tells whether something is one of the tensors that are here."""
    return isinstance(x, Tensor)


def is_symbolic_tensor(x: Any) -> bool:
    """Returns False: no graph is built, so no tensor is without a value."""
    return False
