"""Flags of the command line, ``tf.flags`` and ``tf.app``: absl's, with older manners.

Scripts of TensorFlow 1 read flags that nobody has parsed yet, call ``tf.app.run()``
without arguments, and are given flags that they do not know.

Source: tensorflow/python/platform/app.py and flags.py.
"""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from fastckpt.base.deferred import importing

__all__ = ["app", "flags"]

_DEFINING = ("boolean", "bool", "float", "integer", "string")
_OLDER_NAMES = {"flag_name": "name", "default_value": "default", "docstring": "help"}


class _ParsedWhenRead:
    """absl's flags, which parse the command line where nobody has by now."""

    def __init__(self, values: Any) -> None:
        vars(self)["_values"] = values

    def __getattr__(self, name: str) -> Any:
        values = vars(self)["_values"]
        try:
            return object.__getattribute__(values, name)
        except AttributeError:
            if not values.is_parsed():
                values(sys.argv)
            return getattr(values, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._values, name, value)

    def __delattr__(self, name: str) -> None:
        delattr(self._values, name)

    def __dir__(self) -> list[str]:
        return dir(self._values)

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __setitem__(self, name: str, flag: Any) -> None:
        self._values[name] = flag

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def __len__(self) -> int:
        return len(self._values)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._values)

    def __str__(self) -> str:
        return str(self._values)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._values(*args, **kwargs)


def _with_older_names(define: Callable[..., Any]) -> Callable[..., Any]:
    """Gives a function that defines a flag TensorFlow 1's names for its arguments."""
    # Whoever calls that function defines the flag, not this module.
    _absl("flags").disclaim_key_flags()

    @functools.wraps(define)
    def call(*args: Any, **kwargs: Any) -> Any:
        named = {_OLDER_NAMES.get(name, name): it for name, it in kwargs.items()}
        return define(*args, **named)

    return call


def _running_main(run: Callable[..., Any]) -> Callable[..., Any]:
    """Gives absl's run its defaults of TensorFlow 1."""

    def parse(argv: list[str] | None) -> Any:
        values = _absl("flags").FLAGS
        return values(sys.argv if argv is None else argv, known_only=True)

    def run_main(main: Any = None, argv: list[str] | None = None) -> Any:
        """Runs a program, by default ``main`` of the script, with its flags.

        Args:
            main: is called with what is left of the arguments: all flags that nobody
                has defined, and what are no flags.
            argv: the arguments, the program's name first; ``sys.argv`` if None.
        """
        return run(main or sys.modules["__main__"].main, argv=argv, flags_parser=parse)

    return run_main


_Changes = dict[str, Callable[[Any], Any]]

_FLAGS: _Changes = {
    "FLAGS": _ParsedWhenRead,
    **{f"DEFINE_{kind}": _with_older_names for kind in _DEFINING},
}


def _absl(name: str) -> ModuleType:
    with importing:
        return importlib.import_module(f"absl.{name}")


def _forwarded(name: str, target: str, changes: _Changes) -> ModuleType:
    """Makes a module with the members of one of absl's, imported when needed.

    Command line flags of TensorFlow 1 are absl's; scripts that use them bring it.
    """

    @functools.cache
    def forward(wanted: str) -> Any:
        try:
            found = getattr(_absl(target), wanted)
        except ImportError:
            message = f"{name}.{wanted} is absl.{target}.{wanted}: pip install absl-py"
            raise AttributeError(message, name=wanted) from None
        return changes.get(wanted, lambda it: it)(found)

    module = ModuleType(name)
    vars(module).update(__getattr__=forward)
    return module


flags = _forwarded("tf.flags", "flags", _FLAGS)
app = _forwarded("tf.app", "app", {"flags": lambda found: flags, "run": _running_main})
