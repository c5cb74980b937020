"""TensorFlow's warnings that a name is deprecated: the stand-in gives none.

Source: tensorflow/python/util/deprecation.py.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

__all__ = ["silence"]


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Does nothing: there is nothing to silence."""
    yield
