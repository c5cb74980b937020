"""Namespaces of TensorFlow that are nothing but other names for what is here."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any, NoReturn

from fastckpt.compat.tensorflow._out_of_reach import out_of_reach


def missing(namespace: str) -> Callable[[str], NoReturn]:
    """Makes a module's ``__getattr__`` for names that are out of reach."""

    def raise_for(wanted: str) -> NoReturn:
        raise out_of_reach(namespace, wanted)

    return raise_for


def namespace(name: str, **members: Any) -> ModuleType:
    """Makes a module with these members; any other name is out of reach."""
    module = ModuleType(name)
    vars(module).update(members, __getattr__=missing(name))
    return module
