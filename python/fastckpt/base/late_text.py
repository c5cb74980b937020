"""A text that is made when somebody looks at it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["LateText"]


class LateText:
    """A message that costs nothing where nobody reads it.

    Args:
        make: Gives the text; called once at most, when it is first shown.

    Threads: safe; several that look at once may each make it.
    """

    def __init__(self, make: Callable[[], str]) -> None:
        self._make: Callable[[], str] | None = make
        self._text = ""

    def __str__(self) -> str:
        make = self._make
        if make is not None:
            self._text = make()
            self._make = None  # lets go of what it needed
        return self._text

    def __repr__(self) -> str:
        return repr(str(self))

    def __reduce__(self) -> tuple[Any, ...]:
        return str, (str(self),)
