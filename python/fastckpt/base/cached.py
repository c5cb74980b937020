"""A property that is computed once, without a lock.

``functools.cached_property`` holds one up to Python 3.11, for all objects of a class
at once: a child that is forked while another thread computes waits for it for ever.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

__all__ = ["cached_property"]

_Value = TypeVar("_Value")


class cached_property(Generic[_Value]):
    """Keeps what a method gives in the object's ``__dict__``, under its name.

    Threads that come together may compute together; all get the value of one.
    """

    def __init__(self, compute: Callable[[Any], _Value]) -> None:
        self._compute = compute
        self.__doc__ = compute.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> cached_property[_Value]: ...
    @overload
    def __get__(self, instance: object, owner: type | None = None) -> _Value: ...
    def __get__(
        self, instance: object | None, owner: type | None = None
    ) -> cached_property[_Value] | _Value:
        if instance is None:
            return self
        value = self._compute(instance)
        kept: _Value = instance.__dict__.setdefault(self._name, value)
        return kept
