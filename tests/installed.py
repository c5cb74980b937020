"""Whether a library is installed."""

from __future__ import annotations

import importlib.util


def is_installed(name: str) -> bool:
    """Tells whether a library can be imported.

    A folder of tests that bears its name, which Python would import, is none.
    """
    spec = importlib.util.find_spec(name)
    return spec is not None and spec.origin is not None
