"""What comes of checks that need libraries of their own."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping

from installed import is_installed


def of_each(
    libraries: Mapping[str, str], check: Callable[[str], None]
) -> dict[str, str | None]:
    """Gives {check: what went wrong, or None}; "skip: " where its library is missing.

    That alone skips: a library that is there and cannot be imported is an error.
    """
    found: dict[str, str | None] = {}
    for name, library in libraries.items():
        if not is_installed(library):
            found[name] = f"skip: {library} is not installed"
            continue
        try:
            check(name)
        except Exception:
            found[name] = traceback.format_exc()
        else:
            found[name] = None
    return found
