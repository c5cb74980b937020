"""The garbage collector, while very many small objects are made that all stay.

At its usual pace it looks through all of them over and over, and finds nothing.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["collecting_rarely"]

_RARELY = 100_000
"""How many objects are made between two collections, which are 700 or 2,000."""


@contextmanager
def collecting_rarely() -> Iterator[None]:
    """Lets it collect rarely; never is too rare, for what other threads leave.

    Of calls in several threads the first one that ends brings the usual pace back.
    """
    before = gc.get_threshold()
    if not 0 < before[0] < _RARELY:  # off, or rare already
        yield
        return
    gc.set_threshold(_RARELY, *before[1:])
    try:
        yield
    finally:
        if gc.get_threshold()[0] == _RARELY:
            gc.set_threshold(*before)
